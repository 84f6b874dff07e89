"""Models that run here or at a provider.

prepare   the configured model → files in the store (source → export, int8)      open   a described model → its engine, its token counter
engines   openvino, torch, litellm: each an `embedder.Embedder`                  files  what a bundle says of a model
rerank/   models that read question and passage together
tokens    how long a text is                                                    vector_cache  what was computed before
"""
