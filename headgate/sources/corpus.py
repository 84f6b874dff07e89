"""A corpus at a revision → its files: path, digest, size, media type, and what stands against using them.

folder    files are read where they lie; the revision is a digest over paths and contents, and can't be opened again
DVC       revision = the directory's digest without `.dir`; materialised below <store>/corpora/<revision>/ (dvc_corpus.py)
sources   several folders, DVC directories, buckets and sites; bytes are kept (objects.py), so that a revision can be opened again
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from headgate.errors import CorpusError, IntegrityError, NotFoundError, ParseFailure, SourceFault
from headgate.records import Remark, SourceFile, SourceState
from headgate.records.remarks import note
from headgate.settings import CorpusSetup, DvcSource, FolderSource, HttpSource, S3Source, SourceSettings
from headgate.settings.sources import SourceSection
from headgate.sources.breaker import Clock, now_utc
from headgate.sources.corpus_paths import case_twins, shown_url
from headgate.sources.folder import FolderReader
from headgate.sources.items import Source
from headgate.sources.media import EXTENSIONS, Media, detect_media
from headgate.sources.reading import ReadFile, Reading, SourceReader
from headgate.sources.rules import CORPUS_RULES, Asked, excluding_rule
from headgate.sources.state.last_reading import forget_sources, read_known, read_state, write_known, write_state
from headgate.sources.state.objects import ObjectCache
from headgate.sources.state.tree import TreeFile, read_tree, tree_revision, write_tree
from headgate.storage import Store
from headgate.storage.layout import TREES

_HEAD = 4096  # bytes looked at to tell a media type
_MAX_ZIP = 2**26  # larger office files are not opened to tell what they are
#: Name of the source where the corpus is one folder or DVC directory.
FOLDER, DVC = "folder", "dvc"


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes in the object cache."""

    objects: ObjectCache
    digest: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """`excluded` maps paths to the rule that left them out, `failed` to why they could not be had.

    `media` says of every other file what stands against parsing it. `sources` tells how each source stands now.
    """

    revision: str
    root: Path
    files: tuple[SourceFile, ...]
    excluded: Mapping[str, Remark]
    media: Mapping[str, Media]
    failed: Mapping[str, ParseFailure] = field(default_factory=dict, compare=False)
    sources: tuple[SourceState, ...] = field(default=(), compare=False)
    places: Mapping[str, Path | Kept] = field(default_factory=dict, compare=False, repr=False)

    def local(self, path: str) -> Path:
        """A file on this machine with the bytes of `path`; not to be written.

        Raises:
            IntegrityError: they were damaged on this machine.
            NotFoundError: they are kept nowhere any more.
        """
        place = self.places[path]
        return place if isinstance(place, Path) else place.objects.local(place.digest)


def open_corpus(
    store: Store, setup: CorpusSetup, *, revision: str = "", folder: Path | None = None, clock: Clock = now_utc
) -> Corpus:
    """The files of `folder`, else of the corpus' own folder, DVC directory or sources at `revision`.

    Args:
        revision: "" = what is there now; for DVC also a name of `corpus.revisions`, a directory digest or a git revision; for sources
            a revision that was read before, which asks no source.

    Raises:
        CorpusError: no corpus, no remote, an unknown revision, a corrupted object, an empty folder; no source answers.
        StorageError: the store can't be written.
    """
    setup = setup.at(clock())
    settings = setup.corpus
    if folder is None and settings.sources:
        return _reopen(store, setup, revision) if revision else _read_sources(store, setup, clock)
    if folder is None and settings.dvc_file:
        from headgate.sources.dvc import materialise

        found = materialise((setup.project_dir / settings.dvc_file).resolve(), revision, settings.revisions, store.local_root)
        return _read_one(store, setup, DVC, found.root, found.revision, remember=not revision, clock=clock)
    if revision:
        raise CorpusError(
            f"revision {revision!r} was asked of a plain folder, which has none; set corpus.dvc_file, or leave the revision out"
        )
    if folder is None and not settings.folder:
        raise CorpusError("no documents are named: set corpus.folder, corpus.dvc_file or corpus.sources, or pass a folder")
    root = (folder if folder is not None else setup.project_dir / settings.folder).resolve()
    return _read_one(store, setup, FOLDER, root, "", remember=folder is None, clock=clock)


# --- one folder or DVC directory ------------------------------------------------------------------------------------


def _read_one(store: Store, setup: CorpusSetup, kind: str, root: Path, revision: str, *, remember: bool, clock: Clock) -> Corpus:
    """Files where they lie.

    Args:
        remember: whether to keep what was read for the next time, and how the source stands.
    """
    name = setup.corpus.name
    section = SourceSection(
        name=kind,
        fresh_within_hours=setup.corpus.fresh_within_hours,
        silent_after_days=setup.corpus.silent_after_days,
        max_shrink_share=1.0,
    )
    reader = SourceReader(
        section,
        setup,
        lambda: FolderReader(root, None),
        has=lambda _digest, _size: True,
        before=read_state(store, name, kind) if remember else None,
        known=read_known(store, name, kind) if remember else {},
        clock=clock,
    )
    reading = reader.read()
    if reading.down:
        raise CorpusError(f"corpus {reading.down}" if reading.down.startswith("folder") else reading.down)
    if not reading.files:
        raise CorpusError(f"corpus {str(root)!r} holds no files; put documents there, or point the corpus settings elsewhere")
    state = reading.state.model_copy(update={"kind": kind})
    files = [_tree_file(file, "") for file in reading.files]
    places = {file.path: file.place for file in reading.files if file.place is not None}
    if remember:
        _remember(store, name, {kind: reading}, {kind: state})
    return _corpus(files, revision or tree_revision(files), root, (state,), places, None)


# --- sources --------------------------------------------------------------------------------------------------------


def _read_sources(store: Store, setup: CorpusSetup, clock: Clock) -> Corpus:
    objects = ObjectCache(store)
    objects.sweep()
    name = setup.corpus.name
    readings: dict[str, Reading] = {}
    for section in setup.corpus.sources:
        reader = SourceReader(
            section,
            setup,
            partial(_open_source, section, setup, objects, store.local_root),
            has=objects.has,
            before=read_state(store, name, section.name),
            known=read_known(store, name, section.name),
            checkpoint=partial(write_known, store, name, section.name),
            clock=clock,
        )
        readings[section.name] = reader.read()
    states = {source: reading.state for source, reading in readings.items()}
    objects.upload(file.known.digest for reading in readings.values() for file in reading.files if file.known.digest)
    _remember(store, name, readings, states)
    if all(reading.down for reading in readings.values()):
        problems = "; ".join(f"source {source!r}: {reading.down}" for source, reading in readings.items())
        raise CorpusError(f"no source of corpus {name!r} can be read; {problems}; what is indexed stays as it is")
    files = [_tree_file(file, source) for source, reading in readings.items() for file in reading.files]
    if not files:
        raise CorpusError(f"the sources of corpus {name!r} hold no files; put documents there, or point the settings elsewhere")
    revision = tree_revision(files)
    write_tree(store, revision, files)
    return _corpus(files, revision, store.local_root / TREES.prefix(), tuple(states.values()), {}, objects)


def _open_source(section: SourceSettings, setup: CorpusSetup, objects: ObjectCache, local_root: Path) -> Source:
    """Raises SourceFault."""
    limit = setup.max_file_mib * 2**20
    match section:
        case FolderSource():
            return FolderReader((setup.project_dir / section.folder).resolve(), objects, limit=limit)
        case DvcSource():
            from headgate.sources.dvc import materialise

            try:
                found = materialise(
                    (setup.project_dir / section.dvc_file).resolve(), section.revision, setup.corpus.revisions, local_root
                )
            except CorpusError as error:
                raise SourceFault("dvc", str(error)) from error
            return FolderReader(found.root, objects, limit=limit)
        case S3Source():
            from headgate.sources.s3 import S3Reader

            return S3Reader(section, objects=objects, limit=limit, environment=os.environ)
        case HttpSource():
            from headgate.sources.web.site import HttpReader

            return HttpReader(section, project=setup.project_dir, objects=objects, limit=limit, environment=os.environ)


def _reopen(store: Store, setup: CorpusSetup, revision: str) -> Corpus:
    """A revision as it was read; the rules are those of today, as far as its bytes are here."""
    full, files = read_tree(store, revision, names=setup.corpus.revisions)
    ruled = [_ruled(setup, file) for file in files]
    states = [read_state(store, setup.corpus.name, section.name) for section in setup.corpus.sources]
    known = tuple(state for state in states if state is not None)
    return _corpus(ruled, full, store.local_root / TREES.prefix(), known, {}, ObjectCache(store))


def _ruled(setup: CorpusSetup, file: TreeFile) -> TreeFile:
    """A file under the rules of today. What left it out for another reason, or before its bytes were had, still does."""
    if file.failure or (file.rule and not (file.rule.code in CORPUS_RULES and file.digest)):
        return file
    return replace(file, rule=excluding_rule(setup, Asked(file.path, file.size, file.modified)))


def _remember(store: Store, name: str, readings: Mapping[str, Reading], states: Mapping[str, SourceState]) -> None:
    for source, reading in readings.items():
        if not reading.down:
            write_known(store, name, source, reading.known)
        write_state(store, states[source])
    forget_sources(store, name, readings.keys())


# --- files ----------------------------------------------------------------------------------------------------------


def _tree_file(file: ReadFile, source: str) -> TreeFile:
    known, fault = file.known, file.fault
    return TreeFile(
        path=file.path,
        source=source,
        digest=known.digest,
        size=known.size,
        modified=known.modified,
        url=shown_url(known.url),  # answers cite it
        charset=known.charset,
        content_type=known.content_type,
        rule=file.rule,
        failure=(fault.reason, fault.detail, fault.transient) if fault else None,
    )


def _corpus(
    files: Iterable[TreeFile],
    revision: str,
    root: Path,
    states: tuple[SourceState, ...],
    places: Mapping[str, Path],
    objects: ObjectCache | None,
) -> Corpus:
    files = sorted(files, key=lambda file: file.path)
    twins = case_twins(file.path for file in files if not file.rule)
    media = {file.path: _with_twin(_media(file, places, objects), twins.get(file.path, "")) for file in files}
    failures = {file.path: failure for file in files if not file.rule and (failure := file.parse_failure())}
    return Corpus(
        revision,
        root,
        tuple(
            SourceFile(
                file.path, file.digest, file.size, media[file.path].media_type, file.source, file.modified, file.url, file.charset
            )
            for file in files
        ),
        {file.path: file.rule for file in files if file.rule},
        media,
        failures,
        states,
        {file.path: place for file in files if not file.rule and (place := _place(file, places, objects))},
    )


def _place(file: TreeFile, places: Mapping[str, Path], objects: ObjectCache | None) -> Path | Kept | None:
    if file.path in places:
        return places[file.path]
    return Kept(objects, file.digest) if objects and file.digest else None


def _media(file: TreeFile, places: Mapping[str, Path], objects: ObjectCache | None) -> Media:
    """What a file is, as far as its bytes are here or, of a file that is not failed, in the store."""
    place = places.get(file.path) or (objects.path(file.digest) if objects and file.digest else None)
    if file.rule or not file.digest or place is None:
        return Media("application/octet-stream")
    try:
        if objects and not file.failure and not place.is_file():  # read by another machine
            place = objects.local(file.digest)
        with place.open("rb") as stream:
            head = stream.read(_HEAD)
            content = head + stream.read() if head.startswith(b"PK\x03\x04") and file.size <= _MAX_ZIP else None
    except (OSError, NotFoundError, IntegrityError):  # whoever reads it will tell
        return Media("application/octet-stream")
    return detect_media(_telling_name(file), head, content)


def _telling_name(file: TreeFile) -> str:
    """The path, with the extension that the source's content type stands for where it has none that is known."""
    if file.path.rpartition(".")[2].lower() in EXTENSIONS or not file.content_type:
        return file.path
    extension = next((extension for extension, media_type in EXTENSIONS.items() if media_type == file.content_type), "")
    return f"{file.path}.{extension}" if extension else file.path


def _with_twin(media: Media, twin: str) -> Media:
    if not twin or media.finding:
        return media
    return Media(media.media_type, media.problem, note("name", f"differs from {twin!r} only in upper and lower case"))
