"""Where documents come from: folders, DVC, S3 buckets and web sites, alone or combined into one corpus. See docs/sources.md."""
