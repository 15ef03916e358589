"""What every dialect promises, over all of the table, with generated datasets."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets import datasets, differences, variable_of
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.compare import compare
from zarr_cdm.cdm.model import Dataset, Group, Variable
from zarr_cdm.cdm.types import CHAR, STRING
from zarr_cdm.core.group import create_tree, open_tree, publish
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.dialects.attributes import shown
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.nczarr_refusals import refusals
from zarr_cdm.dialects.parts import parted
from zarr_cdm.dialects.plain import is_reserved
from zarr_cdm.dialects.spelling import USUAL, Spelling
from zarr_cdm.dialects.table import DIALECTS, WRITTEN, choose
from zarr_cdm.errors import UnsupportedError
from zarr_cdm.formats.zarr_data import note_null, write_data
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.translate.chunking import layout_of

# Each dialect with the versions that it writes.
VERSIONS: dict[str, list[ZarrVersion]] = {
    "native": [2, 3],
    "nczarr": [2],
    "dimension_names": [3],
    "array_dimensions": [2],
}
READ_ONLY = ["ome", "multiscales", "eopf", "gdal"]
PLAIN = [(name, VERSIONS[name][0]) for name in ("dimension_names", "array_dimensions")]
many = settings(max_examples=3 * settings.default.max_examples)


def layouts_of(
    dataset: Dataset, name: str, zarr_format: ZarrVersion, spelling: Spelling = USUAL
) -> dict[str, Layout]:
    return {
        path: layout_of(variable, zarr_format, text_bytes(variable.data), name, spelling)
        for path, variable in dataset.all_variables()
    }


def write(
    dataset: Dataset, name: str, zarr_format: ZarrVersion, spelling: Spelling = USUAL
) -> MemoryStore:
    """Return a store with a dataset in a dialect."""
    split = parted(dataset, zarr_format, spelling) if name == "native" else dataset
    node = DIALECTS[name]().write(
        split, layouts_of(split, name, zarr_format, spelling), zarr_format
    )
    group = create_tree(MemoryStore(), node, zarr_format)
    for path, places in write_data(split, group).items():
        if name == "native":
            note_null(group, path, places)
    publish(group)
    assert isinstance(group.store, MemoryStore)
    return group.store


def text_bytes(data: Any) -> int:
    texts = data[...].ravel().tolist() if data.dtype.hasobject else []
    return max((len((text or "").encode("utf-8", "surrogateescape")) for text in texts), default=0)


def read(store: MemoryStore) -> tuple[str, Dataset]:
    group = open_tree(store)
    name, dialect = choose(group.node)
    return name, dialect.read(group.node, group.array)


def test_every_dialect_that_is_written_is_tested() -> None:
    written = {dialect for versions in WRITTEN.values() for dialect in versions.values()}
    assert set(VERSIONS) == written - {"nz"}  # which refuses much: tests/dialects/test_nz.py


@pytest.mark.parametrize("name", READ_ONLY)
def test_a_dialect_that_is_read_only_says_so(name: str) -> None:
    with pytest.raises(UnsupportedError, match=f"dialect '{name}' is read only; write 'native'"):
        write(Dataset(), name, 3)


@pytest.mark.parametrize("zarr_format", VERSIONS["native"])
@many
@given(dataset=datasets())
def test_our_own_dialect_keeps_everything(dataset: Dataset, zarr_format: ZarrVersion) -> None:
    name, found = read(write(dataset, "native", zarr_format))
    assert name == "native"
    assert differences(dataset, found) == []
    assert found.provenance == dataset.provenance


@pytest.mark.parametrize("zarr_format", VERSIONS["native"])
@many
@given(dataset=datasets(whole=True))
def test_our_own_dialect_keeps_user_defined_types_and_any_name(
    dataset: Dataset, zarr_format: ZarrVersion
) -> None:
    _, found = read(write(dataset, "native", zarr_format))
    assert differences(dataset, found) == []
    assert compare(dataset, found, storage=True) == []


spellings = st.builds(
    Spelling,
    scalar=st.sampled_from(["plain", "nczarr"]),
    char=st.sampled_from(["bytes", "ubyte"]),
    string=st.sampled_from(["variable", "fixed"]),
    compound=st.sampled_from(["fields", "struct"]),
)


@pytest.mark.parametrize("zarr_format", VERSIONS["native"])
@given(dataset=datasets() | datasets(whole=True), spelling=spellings)
def test_our_own_dialect_says_the_same_in_every_spelling(
    dataset: Dataset, zarr_format: ZarrVersion, spelling: Spelling
) -> None:
    _, found = read(write(dataset, "native", zarr_format, spelling))
    assert differences(dataset, found) == []


@pytest.mark.parametrize("zarr_format", VERSIONS["native"])
@given(dataset=datasets() | datasets(whole=True))
def test_what_is_read_writes_the_same_store_again(
    dataset: Dataset, zarr_format: ZarrVersion
) -> None:
    first = write(dataset, "native", zarr_format)
    second = write(read(first)[1], "native", zarr_format)
    assert {key: first.get(key) for key in first.list()} == {
        key: second.get(key) for key in second.list()
    }


@many
@given(dataset=datasets())
def test_nczarr_keeps_everything_that_it_does_not_refuse(dataset: Dataset) -> None:
    for refusal in list(refusals(dataset, layouts_of(dataset, "nczarr", 2))):
        change(dataset, refusal.place)
    store = write(dataset, "nczarr", 2)
    name, found = read(store)
    assert name == "nczarr"
    for path, variable in found.all_variables():
        kept = ("layout", "chunks", "filters", "endian")  # how it is stored is our choice
        storage = variable_of(dataset, path).storage
        variable.storage = replace(
            variable.storage, **{name: getattr(storage, name) for name in kept}
        )
    assert differences(with_one_nan(dataset), found) == []


def change(dataset: Dataset, place: str) -> None:
    """Change what NCZarr refuses: leave out an attribute or variable, let a dimension grow."""
    path, _, attribute = place.partition("@")
    holder, _, name = path.rpartition("/")
    group = dict(dataset.walk())[holder or "/"]
    if attribute:
        owner = dict([*dataset.walk(), *dataset.all_variables()]).get(path)
        if owner is not None:
            del owner.attributes[attribute]
        if isinstance(owner, Variable) and attribute == "_FillValue":
            fill = getattr(owner.type, "default_fill", None)
            owner.storage = replace(owner.storage, fill_mode="default", fill_value=fill)
    else:
        group.variables.pop(name, None)
        if name in group.dimensions and not group.dimensions[name].size:
            group.dimensions[name].unlimited = True


def with_one_nan(dataset: Dataset) -> Dataset:
    """Put the usual NaN in the place of others in attributes and fill values; JSON has only it."""
    for _, holder in [*dataset.walk(), *dataset.all_variables()]:
        for attribute in holder.attributes.values():
            if isinstance(attribute.value, np.ndarray) and attribute.type.dtype.kind == "f":
                attribute.value = np.where(
                    np.isnan(attribute.value), attribute.type.dtype.type(np.nan), attribute.value
                )
    for _, variable in dataset.all_variables():
        fill = variable.storage.fill_value
        if isinstance(fill, np.floating) and np.isnan(fill):
            variable.storage = replace(variable.storage, fill_value=type(fill)(np.nan))
    return dataset


@pytest.mark.parametrize(("name", "zarr_format"), PLAIN)
@many
@given(dataset=datasets(shadowing=False))
def test_plain_dialects_keep_values_names_and_attributes(
    dataset: Dataset, name: str, zarr_format: ZarrVersion
) -> None:
    chosen, found = read(write(dataset, name, zarr_format))
    assert chosen == name
    assert [path for path, _ in found.walk()] == [path for path, _ in dataset.walk()]
    variables = dict(found.all_variables())
    for path, before in dataset.all_variables():
        after = variables.pop(path)
        assert [dim.name for dim in after.dimensions] == [dim.name for dim in before.dimensions]
        assert after.shape == before.shape
        assert same_values(np.asarray(before.data[...]), np.asarray(after.data[...]))
        assert plain(after.attributes) == plain(before.attributes)
        if before.storage.fill_mode == "explicit" and before.type not in (CHAR, STRING):
            fill = before.attributes["_FillValue"]
            assert len(fill.value) != 1 or same_fill(after.attributes["_FillValue"], fill)
    assert not variables
    for (_, before_group), (_, after_group) in zip(dataset.walk(), found.walk(), strict=True):
        assert plain(after_group.attributes) == plain(before_group.attributes)


def plain(attributes: dict[str, Attribute]) -> dict[str, Any]:
    """Return what a dialect without types can keep of attributes."""
    special = {"_FillValue", "missing_value", "_Encoding"}
    return {
        name: shown(attribute)
        for name, attribute in attributes.items()
        if not is_reserved(name) and name not in special
    }


def same_fill(found: Attribute, wanted: Attribute) -> bool:
    """Tell whether two fill values are the same, but for the bits of a NaN."""
    return found.type == wanted.type and np.array_equal(
        found.value, wanted.value, equal_nan=wanted.type.dtype.kind == "f"
    )


def same_values(before: np.ndarray, after: np.ndarray) -> bool:
    if after.dtype.hasobject:
        return bool(before.tolist() == after.tolist())
    return before.dtype == after.dtype and before.tobytes() == after.tobytes()


@given(st.sampled_from(sorted(VERSIONS)))
def test_a_dialect_leaves_the_dataset_that_it_writes_alone(name: str) -> None:
    dataset = Dataset(attributes={"title": Attribute("ocean", CHAR)}, groups={"g": Group("g")})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write(dataset, name, VERSIONS[name][0])
    assert differences(dataset, Dataset(attributes=dataset.attributes, groups=dataset.groups)) == []
