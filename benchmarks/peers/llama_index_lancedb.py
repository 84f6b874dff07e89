"""LlamaIndex + LanceDB: pages → chunks of a token size → sentence-transformers → a LanceDB table."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path


def main(folder: str, model: str, tokens: int, threads: int) -> None:
    import torch
    from llama_index.core import Document, Settings, StorageContext, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.vector_stores.lancedb import LanceDBVectorStore
    from transformers import AutoTokenizer

    torch.set_num_threads(threads)
    embedding = HuggingFaceEmbedding(model_name=model, embed_batch_size=32, device="cpu")
    embedding.get_text_embedding("warm up")
    tokenizer = AutoTokenizer.from_pretrained(model)
    Settings.tokenizer = tokenizer.encode
    started = time.perf_counter()
    pages = [
        Document(text=path.read_text(encoding="utf-8"), metadata={"source": path.name})
        for path in sorted(Path(folder).rglob("*.md"))
    ]
    splitter = SentenceSplitter(chunk_size=tokens, chunk_overlap=tokens // 10, tokenizer=tokenizer.encode)
    nodes = splitter.get_nodes_from_documents(pages)
    with tempfile.TemporaryDirectory() as place:
        context = StorageContext.from_defaults(vector_store=LanceDBVectorStore(uri=place, table_name="pages", mode="overwrite"))
        VectorStoreIndex(nodes, storage_context=context, embed_model=embedding)
        seconds = time.perf_counter() - started
    characters = sum(len(node.get_content()) for node in nodes)
    print(json.dumps({"chunks": len(nodes), "characters": characters, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
