"""A trained network as a file for other programs: a row of the table for each kind, by the suffix of its name.

Rows come in as they stand in a table: the scaling is part of what is exported, and so are the names of the classes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autograd.extras import load
from autograd.files import write_file
from autograd.targets import Framework

from ..data import Predictor

THETA = {
    "numpy": "THETA = np.array({})",
    "jax": 'jax.config.update("jax_enable_x64", True)\nTHETA = jnp.array({})',
    "torch": "PROGRAM = Program({})",
}
CALL = {
    "numpy": "forward(np.transpose(np.asarray(rows, dtype=np.float64)), *views(THETA))",
    "jax": "forward(rows, THETA)",
    "torch": "PROGRAM(torch.as_tensor(rows, dtype=torch.float64)).detach()",
}
OUTPUTS = '''
def outputs(rows):
    """{what}, for rows (N, {n}) of FEATURES in their own units: {shape}."""
    return {call}
'''
PREDICT = '''
def predict(rows):
    """The class of each row."""
    return [CLASSES[{chosen}] for scores in outputs(rows).tolist()]
'''
TRAINED_C = """
/* The trained network: {what}, for rows (B, {n}) of features in their own units: outputs ({shape}).
memory is as for {name}_forward. */
const char *const {name}_features[{n}] = {{{features}}};
static const double {name}_theta[{size}] = {{
{theta}
}};

void {name}_outputs(size_t B, const double *rows, double *outputs, void *memory)
{{
  {name}_forward(B, rows, {name}_theta, outputs, memory);
}}
"""
CLASS_C = """
const char *const {name}_classes[{count}] = {{{classes}}};

/* The place of the class of a row, from its {count} outputs. */
int {name}_class(const double *outputs)
{{
  int best = 0;
  for (int k = 1; k < {count}; k++)
    if (outputs[k] {above} outputs[best]) best = k;
  return best;
}}
"""
ABOVE = {"two": ">=", "many": ">"}  # of two that are level the second, of more the first
CHOSEN = {"two": "int(scores[1] >= scores[0])", "many": "scores.index(max(scores))"}


def run(options: argparse.Namespace) -> None:
    """Write the file that the command line asks for."""
    path = Path(options.file)
    if path.suffix not in FORMATS:
        raise ValueError(f"wanted a file that ends in {' or '.join(FORMATS)}, got {options.file!r}")
    if path.exists() and path.samefile(options.model):
        raise ValueError(f"{options.file} is the model that is read: name another file")
    write_file(path, FORMATS[path.suffix](Predictor.load(options.model), options))
    print(f"wrote {path}")


def onnx_bytes(predictor: Predictor, options: argparse.Namespace) -> bytes:
    """An ONNX file: from ``batch`` to ``output``, and where there are classes to ``class``, the name of one."""
    if options.framework:
        raise ValueError("--framework is for a .py file")
    onnx, model = load("onnx", "onnx"), predictor.compiled().to_onnx(dtype=options.dtype or "float64")
    about = {"target": predictor.target_name, "output": predictor.exported}
    names = {"features": predictor.feature_names, "classes": predictor.classes}
    told = about | {name: json.dumps(texts, ensure_ascii=False) for name, texts in names.items()}
    onnx.helper.set_model_props(model, told)
    if predictor.classes:
        _add_class(onnx, model, predictor)
        onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _add_class(onnx: Any, model: Any, predictor: Predictor) -> None:
    """The name of the class with the highest score; of two that are level the second, of more the first."""
    last, classes = int(predictor.objective.kind == "two"), [name.encode() for name in predictor.classes]
    string, node = onnx.TensorProto.STRING, onnx.helper.make_node
    model.graph.initializer.append(onnx.helper.make_tensor("classes", string, [len(classes)], classes))
    model.graph.node.append(node("ArgMax", ["output"], ["place"], axis=1, keepdims=0, select_last_index=last))
    model.graph.node.append(node("Gather", ["classes", "place"], ["class"], axis=0))
    model.graph.output.append(onnx.helper.make_tensor_value_info("class", string, ["B"]))


def python_bytes(predictor: Predictor, options: argparse.Namespace) -> bytes:
    """Python that needs NumPy alone, or JAX or PyTorch: ``outputs(rows)``, and where there are classes ``predict``."""
    if options.dtype:
        raise ValueError("--dtype is for an .onnx file")
    from autograd.compiler.targets.text import literal, wrapped

    framework: Framework = options.framework or "numpy"
    program = predictor.compiled()
    what, n, classes = predictor.exported, len(predictor.feature_names), predictor.classes
    call = f"np.vstack({CALL[framework]}).T" if framework == "numpy" and classes else CALL[framework]
    shape = f"(N, {len(classes)})" if classes else "(N,)"
    names = [f"FEATURES = {list(predictor.feature_names)!r}", *[f"CLASSES = {list(classes)!r}"] * bool(classes)]
    theta = [wrapped(line) for line in THETA[framework].format(literal(program.theta)).splitlines()]
    parts = [program.source_for(framework), "\n".join([*names, *theta])]
    parts.append(OUTPUTS.format(what=what, n=n, shape=shape, call=call))
    if classes:
        parts.append(PREDICT.format(chosen=CHOSEN[predictor.objective.kind]))
    return ("\n\n\n".join(part.strip("\n") for part in parts) + "\n").encode()


def c_bytes(predictor: Predictor, options: argparse.Namespace) -> bytes:
    """One file of C11: ``NAME_outputs`` of rows, and where there are classes ``NAME_class`` of a row's outputs."""
    if options.framework or options.dtype:
        raise ValueError("--framework is for a .py file and --dtype for an .onnx file")
    from autograd.compiler.targets.c import identifier

    program, classes = predictor.compiled(), predictor.classes
    stem = Path(options.file).stem
    told = {
        "name": identifier(stem),
        "what": predictor.exported.replace("*/", "* /").encode("ascii", "replace").decode(),
        "n": len(predictor.feature_names),
        "shape": f"B, {len(classes) or 1}",
        "features": ", ".join(map(_c_text, predictor.feature_names)),
        "classes": ", ".join(map(_c_text, classes)),
        "count": len(classes),
        "size": len(program.theta),
        "theta": "\n".join(f"  {number!r}," for number in program.theta.tolist()),
    }
    text = program.c_source(stem) + TRAINED_C.format(**told)
    if classes:
        text += CLASS_C.format(**told, above=ABOVE[predictor.objective.kind])
    return text.encode("ascii")


def _c_text(name: str) -> str:
    """A name in UTF-8 as a literal of C, whatever stands in it."""
    plain = (chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in name.encode())
    return f'"{"".join(plain)}"'


FORMATS: Mapping[str, Callable[[Predictor, argparse.Namespace], bytes]] = {
    ".onnx": onnx_bytes,
    ".py": python_bytes,
    ".c": c_bytes,
}
"""By its suffix, what a file holds."""
