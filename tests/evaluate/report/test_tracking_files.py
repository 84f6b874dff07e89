"""MLflow's files in a bucket, by one setting."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from headgate.bundle import Bundle
from headgate.evaluate.report.tracking import tracking_uri
from headgate.settings import Settings
from tests.evaluate.builders import make_case, write_suite
from tests.s3 import Bucket
from tests.verbs import evaluate


def in_bucket(settings: Settings, bucket: Bucket, root: str) -> Settings:
    evaluation = settings.evaluation.model_copy(update={"artifact_root": root})
    storage = settings.storage.model_copy(update={"endpoint": bucket.endpoint, "region": "us-east-1"})
    return settings.model_copy(update={"evaluation": evaluation, "storage": storage})


def test_the_files_of_a_run_lie_in_the_bucket_and_the_run_names_them(
    settings: Settings, bundle: Bundle, bucket: Bucket, tmp_path: Path
) -> None:
    placed = in_bucket(settings, bucket, f"s3://{bucket.name}/mlflow")
    report = evaluate(placed, bundle.bundle_id, suites=[write_suite(tmp_path, [make_case("g1")])])
    assert report.mlflow_run_id
    stored = {key.rsplit("/", 1)[-1] for key in bucket.stored()}
    assert {"cases.json", "report.json", "slices.json"} <= stored
    run = MlflowClient(
        tracking_uri=tracking_uri(placed.tracking_setup), registry_uri=tracking_uri(placed.tracking_setup)
    ).get_run(report.mlflow_run_id)
    assert str(run.info.artifact_uri).startswith(f"s3://{bucket.name}/mlflow")
    assert not (settings.local_root / "mlflow" / "artifacts").exists()


def test_a_bucket_that_does_not_exist_stops_no_evaluation(
    settings: Settings, bundle: Bundle, bucket: Bucket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    placed = in_bucket(settings, bucket, "s3://no-such-bucket/mlflow")
    report = evaluate(placed, bundle.bundle_id, suites=[write_suite(tmp_path, [make_case("g1")])])
    assert report.mlflow_run_id == ""
    assert "MLflow at" in caplog.text
    assert "bucket does not exist" in caplog.text
