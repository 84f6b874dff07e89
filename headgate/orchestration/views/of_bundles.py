"""Stage 3: what a bundle stands for, and the rebuilt index against the one before."""

import dagster as dg

from headgate.bundle import Bundle
from headgate.orchestration.views.metadata_table import Metadata, table
from headgate.records import Canary


def bundle(made: Bundle) -> Metadata:
    """What `bundle` shows: the id, and what it stands for."""
    manifest = made.manifest
    parts = {
        "corpus": f"{manifest.corpus.name} at {manifest.corpus.revision}",
        "table": f"{manifest.table.table}, version {manifest.table.version}, {manifest.table.rows} chunks",
        "embedding model": f"{manifest.embedding.name}, {manifest.embedding.precision}",
        "chat model": manifest.model.name,
        "prompts": ", ".join(f"{name} ({digest[:12]}…)" for name, digest in sorted(manifest.prompts.items())),
        "retrieval": f"{manifest.retrieval.candidates} candidates of each search, the best {manifest.retrieval.top_k} kept",
        "declines below evidence": f"{manifest.evidence.threshold:g}",
        "languages": ", ".join(manifest.languages),
    }
    return {
        "bundle_id": dg.MetadataValue.text(made.bundle_id),
        "corpus_revision": dg.MetadataValue.text(manifest.corpus.revision),
        "made_of": table([{"part": part, "value": value} for part, value in parts.items()]),
        "manifest": dg.MetadataValue.json(manifest.model_dump(mode="json")),
    }


def canary(found: Canary) -> Metadata:
    """What `canary` shows: its checks, then what is found worse."""
    checks = [{"check": check.name, "verdict": check.verdict, "reason": check.reason} for check in found.checks]
    slices = [
        {
            "slice": one.name,
            "questions": one.n,
            "before": round(one.before, 3),
            "after": round(one.after, 3),
            "interval": "" if one.low is None or one.high is None else f"{one.low:+.3f} to {one.high:+.3f}",
        }
        for one in found.slices
    ]
    lost = [{"document": name, "what": "can't be found any more"} for name in found.unreachable]
    lost += [{"document": name, "what": "no question finds it any more"} for name in found.lost_hits]
    return {
        "verdict": dg.MetadataValue.text(found.verdict),
        "against": dg.MetadataValue.text(found.baseline_bundle_id or "nothing; the check `baseline` says why"),
        "questions": dg.MetadataValue.int(found.questions),
        "probes": dg.MetadataValue.int(found.probes),
        "changed_not_probed": dg.MetadataValue.int(found.probes_left_out),
        "checks": table(checks, empty={"check": "", "verdict": "", "reason": ""}),
        f"recall@{found.recall_at}": table(
            slices, empty=dict.fromkeys(("slice", "questions", "before", "after", "interval"), "")
        ),
        "lost": table(lost, empty={"document": "", "what": ""}),
        "never_retrieved": dg.MetadataValue.int(found.never_retrieved_count),
        "seconds": dg.MetadataValue.float(round(found.seconds, 2)),
    }
