"""Sphinx configuration. Nothing here reaches for the network: no inventories of other projects are
fetched."""

import os
import sys
import warnings

from sklearn.exceptions import ConvergenceWarning

from gibbsite import __version__

os.environ.setdefault("MPLBACKEND", "Agg")
# joblib starts workers of its own for an example at most; they must find nothing odd on the path.
sys.path = [entry for entry in sys.path if entry not in ("", os.path.dirname(__file__))]

project = "gibbsite"
author = "The gibbsite developers"
copyright = "2026, The gibbsite developers"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "auto_examples/*.ipynb", "auto_examples/*.md5"]
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"gibbsite {release}"
html_show_sphinx = False

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings name types, shapes and units
autodoc_default_options = {"members": True, "inherited-members": False}
napoleon_google_docstring = False
napoleon_use_rtype = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "capture_repr": (),
    "remove_config_comments": True,
    "within_subsection_order": "FileNameSortKey",
    "write_computation_times": False,
}

# An example that warns teaches a bad habit: it fails the build instead.
warnings.filterwarnings("error", category=FutureWarning, module="__main__")
warnings.filterwarnings("error", category=ConvergenceWarning)
