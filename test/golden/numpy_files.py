#!/usr/bin/python3
"""Arrays as numpy.savez and savez_compressed write them: run this to write numpy_stored.npz, numpy_deflated.npz and numpy_files.json."""
import json
import pathlib

import numpy as np

base = np.arange(12).reshape(3, 4)
arrays = {
    "f8": base / 8,
    "f4": (base / 8).astype("<f4"),
    "f2": (base / 8).astype("<f2"),
    "big": (base / 8).astype(">f4"),
    "big_complex": np.array([1 + 2j, 3 - 4j]).astype(">c8"),
    "fortran": np.asfortranarray(base.astype("<i4")),
    "fortran_3d": np.asfortranarray(np.arange(24, dtype="<i2").reshape(2, 3, 4)),
    "i8": np.array([2**40, -1]),
    "i1": np.array([1, -2], dtype="i1"),
    "u2": np.array([1, 65535], dtype="<u2"),
    "bool": np.array([True, False]),
    "scalar": np.array(3.5),
    "empty": np.zeros((0, 3)),
    "zeros": np.zeros(5000, dtype="<f4"),
    "nested/name": np.array([1.0]),
    "__proto__": np.array([7.0]),
    "text": np.array(["a", "bc"]),
    "objects": np.array([{"a": 1}, None], dtype=object),
    "records": np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]),
}
here = pathlib.Path(__file__).parent
np.savez(here / "numpy_stored.npz", **{k: v for k, v in arrays.items() if k != "zeros"})
np.savez_compressed(here / "numpy_deflated.npz", **arrays)


def plain(x):
    if x.dtype.kind == "c":
        x = x.view(x.real.dtype)
    return x.reshape(-1).tolist()


known = [[k, {"dtype": v.dtype.name, "shape": list(v.shape), "data": plain(v)}] for k, v in arrays.items() if v.dtype.kind in "fiubc"]
text = json.dumps({"numpy": np.__version__, "arrays": known})
(here / "numpy_files.json").write_text(text.replace('}], ["', '}],\n["') + "\n")
