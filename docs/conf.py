"""The documentation site; ``python docs/build.py`` builds it, without network."""

import re
from importlib.metadata import version as version_of

project = "valuegrad"
author = "The valuegrad authors"
copyright = "The valuegrad authors"
version = release = version_of("valuegrad")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx-mathjax-offline",
]
exclude_patterns = ["build", "README.md"]
myst_enable_extensions = ["dollarmath", "amsmath", "attrs_inline"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # build.py has run the lessons
nb_merge_streams = True
nb_render_markdown_format = "myst"  # with the mathematics of what explain shows
suppress_warnings = ["mystnb.unknown_mime_type"]  # pictures have several forms, of which the page takes one

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": False, "show-inheritance": True}
autodoc_type_aliases = {"npt.ArrayLike": "ArrayLike"}
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "valuegrad"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def lead_back(app, pagename, templatename, context, doctree):
    """A source's links to the reference: viewcode thinks that all of a module is documented under one name."""
    if pagename == "_modules/autograd/functional":
        context["body"] = re.sub(r"#autograd\.(?!values|data_of|grad_of)", "#autograd.functional.", context["body"])


def setup(app):
    app.connect("html-page-context", lead_back)
