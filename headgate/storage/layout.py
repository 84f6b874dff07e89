"""Every folder of the store: its keys, who writes it, what keeps it alive, whether a service that only answers needs it.

A new folder is one more entry here; nothing else keeps a list. The clean-up (`headgate.retention`) works from the entries; it leaves
alone what none of them names, and tells of it. Records say by the types of their fields what they name (`headgate.records.names`).

    releases ──► bundles ──► objects        a release names a bundle, a bundle names objects: what is named stays
    ingests  ──► chunk_sets, validation_reports
"""

from __future__ import annotations

from headgate.storage.keys import Folder

# --- what is released and answered from -------------------------------------------------------------------------------
RELEASES = Folder(
    "releases", "releases/<track>/<number>.json", what="the ledger",
    writer="headgate.release.ledger", written="once", kept="always",
    read="headgate.records:Release.model_validate_json", served=True,
)  # fmt: skip
REFERENCES = Folder(
    "references", "references/<track>/<number>.json", what="which release candidates must not fall behind",
    writer="headgate.release.reference", written="once", kept="always",
    read="headgate.records:Reference.model_validate_json",
)  # fmt: skip
BUNDLES = Folder(
    "bundles", "bundles/<bundle>.json", what="manifests",
    writer="headgate.bundle", written="once", kept="ruled",
    read="headgate.bundle:Manifest.model_validate_json", served=True,
)  # fmt: skip
OBJECTS = Folder(
    "objects", "objects/<SHA-256>", what="prompts, model files, vocabularies, inventories of table versions",
    writer="headgate.bundle", written="once", kept="named",
    named_by=("bundles", "table_refs"), served=True,
)  # fmt: skip
WITHDRAWALS = Folder(
    "withdrawals", "withdrawals/<number>.json", what="documents that nobody may find",
    writer="headgate.withdrawals.ledger", written="once", kept="always",
    read="headgate.records:Withdrawal.model_validate_json", served=True,
)  # fmt: skip
LANCE = Folder(
    "lance", "lance/<table>.lance/…", what="tables, written by LanceDB itself",
    writer="headgate.index.table", written="grows", kept="ruled",
    served=True, foreign=True,
)  # fmt: skip
LAST_BUILD = Folder(
    "last_build", "last_build.json", what="the bundle built last",
    writer="headgate.bundle", written="replaced", kept="always",
    read="headgate.records:LastBuild.model_validate_json",
)  # fmt: skip
HOLDS = Folder(
    "holds", "holds/<bundle>.json", what="a bundle that someone is about to rely on",
    writer="headgate.bundle", written="replaced", kept="aged",
)  # fmt: skip

# --- how the index came to be -----------------------------------------------------------------------------------------
TABLE_REFS = Folder(
    "table_refs", "table_refs/<table>/<state>.json", what="the table version of a chunk set and settings",
    writer="headgate.index.versions", written="replaced", kept="ruled",
    read="headgate.records:PinnedVersion.model_validate_json",
)  # fmt: skip
MODELS = Folder(
    "models", "models/<model>/…", what="prepared embedding models",
    writer="headgate.models.prepare", written="once", kept="always",
)  # fmt: skip
CHUNK_SETS = Folder(
    "chunk_sets", "chunk_sets/<revision>-<digest>.parquet", what="the chunks of an ingest",
    writer="headgate.index.chunk_set", written="once", kept="named", lock="ingest",
    named_by=("table_refs", "ingests"),
)  # fmt: skip

# --- what ingests leave -----------------------------------------------------------------------------------------------
INGESTS = Folder(
    "ingests", "ingests/<revision>.json", what="what became of each file",
    writer="headgate.ingest.run", written="replaced", kept="named", spared="unreleased_days", lock="ingest",
    named_by=("table_refs",), read="headgate.records:IngestResult.model_validate_json",
)  # fmt: skip
INGEST_STATE = Folder(
    "ingest_state", "ingest_state/<corpus>.json", what="what the next ingest compares with",
    writer="headgate.ingest.state.history", written="replaced", kept="always",
    read="headgate.records:CorpusState.model_validate_json",
)  # fmt: skip
KEPT = Folder(
    "kept", "kept/<corpus>/<digest>.json", what="last good versions of documents that can't be read now",
    writer="headgate.ingest.state.history", written="once", kept="named", lock="ingest",
    named_by=("ingest_state",),
)  # fmt: skip
DEAD_LETTERS = Folder(
    "dead_letters", "dead_letters/<corpus>/<path digest>.json", what="files that could not be read, and why",
    writer="headgate.ingest.state.dead_letters", written="replaced", kept="always",
)  # fmt: skip
VALIDATION_REPORTS = Folder(
    "validation_reports", "reports/validation/<revision>/index.html", what="the validation page of an ingest",
    writer="headgate.ingest.validate.page", written="replaced", kept="named", spared="unreleased_days", lock="ingest",
    named_by=("ingests",),
)  # fmt: skip
BASELINES = Folder(
    "baselines", "validation/baseline/<corpus>.json", what="the documents of the last accepted ingest",
    writer="headgate.ingest.validate.baseline", written="replaced", kept="always",
)  # fmt: skip
VERDICT_CACHE = Folder(
    "verdict_cache", "cache/validation/<suite>.json", what="what validation found of each row",
    writer="headgate.ingest.validate.judge.verdicts", written="replaced", kept="bounded",
)  # fmt: skip

# --- sources ----------------------------------------------------------------------------------------------------------
SOURCES = Folder(
    "sources", "sources/<corpus>/<source>.json", what="how each source stood; the service shows its freshness",
    writer="headgate.sources.state.last_reading", written="replaced", kept="always",
    served=True,
)  # fmt: skip
SOURCE_LISTINGS = Folder(
    "source_listings", "source_listings/<corpus>/<source>.json", what="every file of a source as it was last read",
    writer="headgate.sources.state.last_reading", written="replaced", kept="always",
    read="headgate.sources.state.last_reading:parse_listing",
)  # fmt: skip
TREES = Folder(
    "trees", "corpora/<revision>/tree.json", what="the files of a corpus revision",
    writer="headgate.sources.state.tree", written="once", kept="named", spared="unreleased_days", lock="ingest",
    named_by=("table_refs", "ingests"), read="headgate.sources.state.tree:parse_tree",
)  # fmt: skip
SOURCE_OBJECTS = Folder(
    "source_objects", "corpora/objects/<SHA-256:2>/<SHA-256>", what="bytes of files of sources",
    writer="headgate.sources.state.objects", written="once", kept="named", lock="ingest", place="both",
    named_by=("trees", "source_listings"),
)  # fmt: skip

# --- judgements -------------------------------------------------------------------------------------------------------
VERDICTS = Folder(
    "verdicts", "verdicts/<verdict>.json", what="gate results",
    writer="headgate.release.verdicts", written="once", kept="named", spared="unreleased_days",
    named_by=("releases",), goes_with_bundle=True, read="headgate.records:Verdict.model_validate_json",
)  # fmt: skip
LATEST_REPORTS = Folder(
    "latest_reports", "latest_reports/<bundle>/<state>.json", what="the newest evaluation of a bundle",
    writer="headgate.evaluate.report.stored_reports", written="replaced", kept="named",
    goes_with_bundle=True, read="headgate.records:LatestReport.model_validate_json",
)  # fmt: skip
REPORTS = Folder(
    "reports", "reports/<report>.json", what="evaluations",
    writer="headgate.evaluate.report.stored_reports", written="once", kept="named", spared="unreleased_days",
    named_by=("verdicts", "latest_reports"), read="headgate.records:Report.model_validate_json",
)  # fmt: skip
CANARIES = Folder(
    "canaries", "canaries/<canary>.json", what="rebuilt indexes against those before",
    writer="headgate.evaluate.canary.canary", written="once", kept="named", spared="unreleased_days",
    goes_with_bundle=True, read="headgate.records:Canary.model_validate_json",
)  # fmt: skip

CANARY_HITS = Folder(
    "canary_hits", "canary_hits/<retrieval>.json", what="what canaries found on an index: can be made again",
    writer="headgate.evaluate.canary.hits", written="replaced", kept="aged", spared="unreleased_days",
)  # fmt: skip

# --- what happened ----------------------------------------------------------------------------------------------------
INTERACTIONS = Folder(
    "interactions", "interactions/<segment>.jsonl", what="what was asked and answered",
    writer="headgate.interactions.log", written="grows", kept="always",
)  # fmt: skip
OPEN_ALERTS = Folder(
    "open_alerts", "alerts/open/<key digest>.json", what="what is wrong now",
    writer="headgate.monitor.alerts.alert", written="replaced", kept="always",
)  # fmt: skip
CLOSED_ALERTS = Folder(
    "closed_alerts", "alerts/closed/<moment>-<key digest>.json", what="what was wrong",
    writer="headgate.monitor.alerts.alert", written="once", kept="always",
)  # fmt: skip

# --- locks ------------------------------------------------------------------------------------------------------------
LOCKS = Folder(
    "locks", "locks/<name>.lock", what="locks of a store in a folder, and of this machine",
    writer="headgate.storage.folder", written="replaced", kept="always", place="both",
)  # fmt: skip
LEASES = Folder(
    "leases", "locks/<name>/<number>.json", what="locks of a store in a bucket",
    writer="headgate.storage.lease", written="replaced", kept="always",
)  # fmt: skip
CLOCK = Folder(
    "clock", "locks-clock/<name>", what="asks a bucket for its time; gone at once",
    writer="headgate.storage.lease", written="once", kept="aged",
)  # fmt: skip
PROBES = Folder(
    "probes", "probe-<random>", what="shows whether the store can be written; gone at once",
    writer="headgate.storage.store", written="once", kept="aged", place="both",
)  # fmt: skip

# --- what stays on this machine ---------------------------------------------------------------------------------------
INGEST_CACHE = Folder(
    "ingest_cache", "cache/ingest/<corpus>.sqlite…", what="parsed files, facts, chunks: can be made again",
    writer="headgate.ingest.state.cache", written="replaced", kept="bounded", place="machine",
    foreign=True,
)  # fmt: skip
VECTOR_CACHE = Folder(
    "vector_cache", "cache/vectors/<model>.sqlite…", what="vectors of texts: can be made again",
    writer="headgate.index.vectors", written="replaced", kept="bounded", place="machine",
    foreign=True,
)  # fmt: skip
CHECKOUTS = Folder(
    "checkouts", "checkouts/<revision>/…", what="DVC revisions as folders: can be made again",
    writer="headgate.sources.dvc", written="once", kept="ruled", place="machine",
    foreign=True,
)  # fmt: skip
FETCHED = Folder(
    "fetched", "fetched/<store>/…", what="copies of a bucket's files, compared with their digests before they are used",
    writer="headgate.storage.s3", written="once", kept="ruled", place="machine",
)  # fmt: skip
SPOOL = Folder(
    "spool", "spool/<store>/…", what="interactions on their way to a bucket",
    writer="headgate.storage.s3", written="grows", kept="always", place="machine",
)  # fmt: skip
SCRATCH = Folder(
    "scratch", "scratch/<process>-<random>/…", what="what runs are making; the next one removes what dead ones left",
    writer="headgate.storage.scratch", written="once", kept="bounded", place="machine",
    foreign=True,
)  # fmt: skip
MLFLOW = Folder(
    "mlflow", "mlflow/…", what="runs, unless evaluation.tracking_uri names a server",
    writer="headgate.evaluate.report.tracking", written="grows", kept="always", place="machine",
    foreign=True,
)  # fmt: skip
DAGSTER = Folder(
    "dagster", "dagster/…", what="Dagster's home",
    writer="headgate.orchestration.home", written="grows", kept="always", place="machine",
    foreign=True,
)  # fmt: skip
DEMO = Folder(
    "demo", "demo/…", what="what the service of `make demo` printed",
    writer="pipelines.demo.__main__", written="replaced", kept="always", place="machine",
    foreign=True,
)  # fmt: skip
OLD_PARSED = Folder(
    "old_parsed", "cache/parsed/…", what="parsed files of earlier versions, read by none",
    writer="", written="once", kept="obsolete",
)  # fmt: skip
OLDER_PARSED = Folder(
    "older_parsed", "parsed/…", what="parsed files of earlier versions, read by none",
    writer="", written="once", kept="obsolete",
)  # fmt: skip

FOLDERS = tuple(entry for entry in list(globals().values()) if isinstance(entry, Folder))
_BY_NAME = {folder.name: folder for folder in FOLDERS}
_BY_TOP = {top: tuple(folder for folder in FOLDERS if folder.top == top) for top in {folder.top for folder in FOLDERS}}
#: First steps of the keys of folders that others fill with names of their own; nothing in them is taken for half-written by us.
FOREIGN_TOPS = frozenset(folder.top for folder in FOLDERS if folder.foreign)


def folder_named(name: str) -> Folder:
    """The folder of that name; KeyError where there is none."""
    return _BY_NAME[name]


def folder_of(key: str) -> Folder | None:
    """The folder that `key` is a key of; None where the layout names none."""
    candidates = _BY_TOP.get(key.partition("/")[0], _BY_TOP[PROBES.top])
    return next((folder for folder in candidates if folder.parse(key) is not None), None)


def has_top(name: str) -> bool:
    """Whether keys of some folder begin with this step."""
    return name in _BY_TOP
