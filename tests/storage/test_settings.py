"""Which store the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headgate.errors import SettingsError
from headgate.settings import load_settings, parse_settings
from headgate.storage import FolderStore, S3Store, open_store


def test_a_folder_is_the_default_and_everything_lies_in_it(tmp_path: Path) -> None:
    settings = parse_settings({}, project_dir=tmp_path)
    store = open_store(settings)
    assert isinstance(store, FolderStore)
    assert store.root == settings.store_root == settings.local_root == tmp_path / ".headgate"


def test_a_bucket_has_no_folder_but_a_local_root(tmp_path: Path) -> None:
    settings = parse_settings({"storage": {"root": "s3://acme/a/b/", "cache": "local"}}, project_dir=tmp_path)
    store = open_store(settings)
    assert isinstance(store, S3Store)
    assert (store.address, store.bucket, store.prefix) == ("s3://acme/a/b", "acme", "a/b")
    assert store.local_root == settings.local_root == tmp_path / "local"
    with pytest.raises(SettingsError, match="the store 's3://acme/a/b/' is no folder"):
        _ = settings.store_root
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ({"root": "gs://bucket/x"}, "neither a folder nor s3://bucket/prefix"),
        ({"root": "s3://"}, "not s3://bucket/prefix"),
        ({"root": "s3://UPPER/x"}, "not s3://bucket/prefix"),
        ({"root": "s3://bucket//x"}, "not s3://bucket/prefix"),
        ({"root": "s3://bucket/a b"}, "not s3://bucket/prefix"),
        ({"root": "s3://bucket/../other"}, "not s3://bucket/prefix"),
        ({"root": "s3://bucket", "endpoint": "localhost:9000"}, "does not begin with https:// or http://"),
        ({"root": "s3://bucket", "endpoint": "http://localhost:9000"}, "set storage.allow_http = true"),
        ({"root": "s3://bucket", "endpoint": "https://me:hunter2@host"}, "credentials go into AWS_ACCESS_KEY_ID"),
        ({"root": "s3://bucket", "access_key": "x"}, "unknown key 'storage.access_key'"),
    ],
)
def test_a_wrong_address_is_told_before_anything_is_asked(tmp_path: Path, storage: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        parse_settings({"storage": storage}, project_dir=tmp_path)
    assert "hunter2" not in str(caught.value)


def test_the_environment_fills_what_the_settings_of_a_bucket_leave_empty(tmp_path: Path) -> None:
    file = tmp_path / "headgate.toml"
    file.write_text('[storage]\nroot = "s3://acme"\nregion = "eu-west-1"\n')
    environment = {"AWS_ENDPOINT_URL": "http://host:9000", "AWS_REGION": "us-west-2", "AWS_ALLOW_HTTP": "true"}
    storage = load_settings(file, environment=environment).storage
    assert (storage.endpoint, storage.region, storage.allow_http) == ("http://host:9000", "eu-west-1", True)
    file.write_text("[storage]\n")
    assert load_settings(file, environment=environment).storage.endpoint == ""
    named = load_settings(file, environment={**environment, "HEADGATE_STORE": "s3://other/x"}).storage
    assert (named.root, named.region) == ("s3://other/x", "us-west-2")


def test_a_byte_order_mark_is_no_part_of_a_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "headgate.toml"
    file.write_bytes(b'\xef\xbb\xbf[corpus]\nname = "x"\nfolder = "docs"\n')
    assert load_settings(file, environment={}).corpus.name == "x"


def test_credentials_are_in_no_setting_and_no_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDSHOWN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRETSHOWN")
    settings = parse_settings({"storage": {"root": "s3://acme"}}, project_dir=tmp_path)
    store = open_store(settings)
    shown = f"{settings!r} {store!r} {store.lance_options()} {vars(store)}"
    assert "SHOWN" not in shown
