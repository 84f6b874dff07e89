"""Where bytes live: a folder or an S3 bucket behind one small class. `open_store(settings)` gives the one that `storage.root` names."""

from __future__ import annotations

from headgate.settings import Settings
from headgate.storage.folder import FolderStore, is_alive
from headgate.storage.s3 import S3Store
from headgate.storage.store import Held, Store, StoredFile, checked_key, sha256_file, sha256_hex

__all__ = [
    "FolderStore",
    "Held",
    "S3Store",
    "Store",
    "StoredFile",
    "checked_key",
    "is_alive",
    "open_store",
    "sha256_file",
    "sha256_hex",
]


def open_store(settings: Settings) -> Store:
    """The store of the settings' `storage` section; nothing is read or written yet."""
    storage = settings.storage
    if not storage.is_s3:
        return FolderStore(settings.store_root)
    return S3Store(
        storage.root,
        settings.local_root,
        endpoint=storage.endpoint,
        region=storage.region,
        allow_http=storage.allow_http,
    )
