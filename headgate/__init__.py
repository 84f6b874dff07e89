"""Headgate: from a source document to a served, gated, reversible answer.

Importing the package sets the quiet, offline environment that the third-party packages read at *their* import, so it
must come before them. A variable that the caller has set is left alone.
"""

import os
import sys

from headgate.process.imports import REMOTE_CLIENT, defer

__version__ = "0.1.0"

#: Read by third-party packages at import. None of them may call out, ask for a licence or print a banner.
QUIET_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # the price table comes from the package, not from the network
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "RAGAS_DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # ten processes and 3 GB otherwise
    "GX_ANALYTICS_ENABLED": "false",
    "DVC_NO_ANALYTICS": "1",
    "DO_NOT_TRACK": "1",
    "LANCE_LOG": "error",  # it warns of every partition that an extension leaves empty
    "LANCE_INCLUDE_VECTOR_CENTROIDS": "false",
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
    "SCARF_NO_ANALYTICS": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    "GIT_PYTHON_REFRESH": "quiet",
}

for _name, _value in QUIET_ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)

# OpenVINO reports its use to an analytics service through this package, from a forked process, and heeds no variable; without the package
# it takes a stub of its own.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

defer(REMOTE_CLIENT)
