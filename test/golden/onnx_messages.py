#!/usr/bin/python3
"""What ONNX's own package knows of its messages, and a model with every kind of value, as it writes it: run this to write
onnx_messages.json beside it (Debian's python3-onnx 1.12).
"""
import base64
import json
import pathlib

import onnx
from google.protobuf.json_format import MessageToDict

NAMES = [
    "ModelProto", "OperatorSetIdProto", "StringStringEntryProto", "GraphProto", "NodeProto", "AttributeProto",
    "TensorProto", "ValueInfoProto", "TypeProto", "TypeProto.Tensor", "TensorShapeProto", "TensorShapeProto.Dimension",
]


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def described(name):
    message = onnx
    for part in name.split("."):
        message = getattr(message, part)
    return {
        camel(f.name): [f.number, f.message_type.full_name.removeprefix("onnx.") if f.message_type else
                        {1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 9: "string", 12: "bytes", 14: "int32"}[f.type],
                        f.label == f.LABEL_REPEATED]
        for f in message.DESCRIPTOR.fields
    }


def tensor(name, **fields):
    return onnx.TensorProto(name=name, doc_string=f"about {name}", **fields)


def typed(dims, elem=1):
    dimensions = [onnx.TensorShapeProto.Dimension(denotation="d", **{"dim_param" if isinstance(d, str) else "dim_value": d}) for d in dims]
    return onnx.TypeProto(denotation="TENSOR", tensor_type=onnx.TypeProto.Tensor(elem_type=elem, shape=onnx.TensorShapeProto(dim=dimensions)))


def value(name):
    return onnx.ValueInfoProto(name=name, doc_string=f"about {name}", type=typed([2, "n", 0]))


inner = onnx.GraphProto(name="inner", node=[onnx.NodeProto(op_type="Identity", input=["a"], output=["b"])], output=[value("b")])
floats = tensor("floats", dims=[3], data_type=1, float_data=[0.5, -1.25, 3e38])
attributes = [
    onnx.AttributeProto(name="f", type=1, f=-0.75, doc_string="about f"),
    onnx.AttributeProto(name="i", type=2, i=-7),
    onnx.AttributeProto(name="end", type=2, i=2**63 - 1),
    onnx.AttributeProto(name="s", type=3, s="\u00e9\u4e2d".encode()),
    onnx.AttributeProto(name="t", type=4, t=floats),
    onnx.AttributeProto(name="g", type=5, g=inner),
    onnx.AttributeProto(name="floats", type=6, floats=[1.5, -2.5]),
    onnx.AttributeProto(name="ints", type=7, ints=[1, -1, 2**40, -(2**40), 0]),
    onnx.AttributeProto(name="strings", type=8, strings=[b"one", b""]),
    onnx.AttributeProto(name="tensors", type=9, tensors=[floats, tensor("none")]),
    onnx.AttributeProto(name="graphs", type=10, graphs=[inner, inner]),
    onnx.AttributeProto(name="tp", type=13, tp=typed([1])),
    onnx.AttributeProto(name="tps", type=14, type_protos=[typed([]), typed(["m"], 7)]),
    onnx.AttributeProto(name="ref", type=1, ref_attr_name="alpha"),
]
tensors = [
    floats,
    tensor("int32", dims=[2, 1], data_type=6, int32_data=[-(2**31), 2**31 - 1]),
    tensor("strings", dims=[2], data_type=8, string_data=[b"x", "\u03b2".encode()]),
    tensor("int64", dims=[2], data_type=7, int64_data=[-(2**50), 2**50]),
    tensor("double", dims=[2], data_type=11, double_data=[0.1, -1e300]),
    tensor("uint64", dims=[2], data_type=13, uint64_data=[2**50, 2**64 - 1]),
    tensor("raw", dims=[5000], data_type=3, raw_data=bytes(i * i % 251 for i in range(5000))),
    tensor("elsewhere", dims=[1], data_type=1, data_location=1, external_data=[onnx.StringStringEntryProto(key="location", value="w.bin")]),
]
model = onnx.ModelProto(
    ir_version=8, producer_name="someone", producer_version="1.2", domain="org.example", model_version=3, doc_string="a model",
    opset_import=[onnx.OperatorSetIdProto(domain="", version=17), onnx.OperatorSetIdProto(domain="ai.onnx.ml", version=3)],
    metadata_props=[onnx.StringStringEntryProto(key="author", value="\u00c5sa")],
    graph=onnx.GraphProto(
        name="g", doc_string="about g", initializer=tensors, input=[value("x")], output=[value("y")], value_info=[value("z")],
        node=[onnx.NodeProto(name="n", op_type="Op", domain="org.example", doc_string="about n", input=["x", ""], output=["y", "z"], attribute=attributes)],
    ),
)
golden = {
    "version": onnx.__version__,
    "messages": {name: described(name) for name in NAMES},
    "bytes": base64.b64encode(model.SerializeToString(deterministic=True)).decode(),
    "model": MessageToDict(model, use_integers_for_enums=True),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
