"""LangChain + Chroma: pages → chunks of a token size → sentence-transformers → a Chroma collection on disk."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path


def main(folder: str, model: str, tokens: int, threads: int) -> None:
    import torch
    from langchain_chroma import Chroma
    from langchain_core.documents import Document
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    from transformers import AutoTokenizer

    torch.set_num_threads(threads)
    embeddings = HuggingFaceEmbeddings(model_name=model, encode_kwargs={"normalize_embeddings": True})
    embeddings.embed_documents(["warm up"] * 4)
    tokenizer = AutoTokenizer.from_pretrained(model)
    started = time.perf_counter()
    pages = [
        Document(page_content=path.read_text(encoding="utf-8"), metadata={"source": path.name})
        for path in sorted(Path(folder).rglob("*.md"))
    ]
    splitter = RecursiveCharacterTextSplitter.from_huggingface_tokenizer(tokenizer, chunk_size=tokens, chunk_overlap=tokens // 10)
    chunks = splitter.split_documents(pages)
    with tempfile.TemporaryDirectory() as place:
        store = Chroma("pages", embeddings, persist_directory=place)
        for start in range(0, len(chunks), 1000):
            store.add_documents(chunks[start : start + 1000])
        seconds = time.perf_counter() - started
    characters = sum(len(chunk.page_content) for chunk in chunks)
    print(json.dumps({"chunks": len(chunks), "characters": characters, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
