"""Haystack: pages → chunks by words → sentence-transformers → the in-memory document store.

Haystack's token splitter counts by a tokenizer that it downloads, so words are counted here: two thirds of the tokens, as they come in
English text of this model.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main(folder: str, model: str, tokens: int, threads: int) -> None:
    import torch
    from haystack import Document
    from haystack.components.embedders import SentenceTransformersDocumentEmbedder
    from haystack.components.preprocessors import DocumentSplitter
    from haystack.components.writers import DocumentWriter
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    torch.set_num_threads(threads)
    embedder = SentenceTransformersDocumentEmbedder(model=model, batch_size=32, normalize_embeddings=True, progress_bar=False)
    embedder.warm_up()
    embedder.run([Document(content="warm up")])
    started = time.perf_counter()
    pages = [
        Document(content=path.read_text(encoding="utf-8"), meta={"source": path.name})
        for path in sorted(Path(folder).rglob("*.md"))
    ]
    splitter = DocumentSplitter(split_by="word", split_length=tokens * 2 // 3, split_overlap=tokens // 15)
    splitter.warm_up()
    chunks = splitter.run([page for page in pages if page.content])["documents"]
    embedded = embedder.run(chunks)["documents"]
    DocumentWriter(InMemoryDocumentStore()).run(embedded)
    seconds = time.perf_counter() - started
    characters = sum(len(chunk.content or "") for chunk in chunks)
    print(json.dumps({"chunks": len(chunks), "characters": characters, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
