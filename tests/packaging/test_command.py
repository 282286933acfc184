"""The command and the installation, as a user meets them."""

import json
import os
import subprocess
import sys
from importlib.metadata import requires, version
from importlib.resources import files

import pytest

import gibbsite
from gibbsite.cli import main


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_info_names_every_back_end(capsys):
    assert main(["info"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["gibbsite"] == gibbsite.__version__
    assert lines["threads"] == str(gibbsite.get_threads())
    for module in ("_cpp", "_cuda"):
        assert lines[module].startswith(("compiled", "not compiled: ", "does not load: "))
    assert lines["numba"] == version("numba")
    assert lines["devices"]


def test_info_for_programs(capsys):
    assert main(["info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["gibbsite"] == gibbsite.__version__


def test_info_says_which_instruction_set(capsys):
    cpp = pytest.importorskip("gibbsite._cpp")
    if cpp.__file__ is None:
        pytest.skip("installed without compiled kernels")
    main(["info"])
    assert f"instruction set {cpp.core.isa()}" in capsys.readouterr().out


def test_command_needs_a_subcommand(capsys):
    with pytest.raises(SystemExit) as error:
        main([])
    assert error.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_version_option(capsys):
    with pytest.raises(SystemExit) as error:
        main(["--version"])
    assert error.value.code == 0
    assert capsys.readouterr().out == f"gibbsite {gibbsite.__version__}\n"


def test_demo_writes_where_it_says(tmp_path, capsys, monkeypatch):
    from gibbsite import report

    monkeypatch.setattr(report, "NOUNS", {"empty": list})
    target = tmp_path / "r.html"
    assert main(["demo", "--output", str(target)]) == 0
    assert capsys.readouterr().out == f"The report lies at {target}\n"
    assert target.stat().st_size > 1000


def test_demo_without_matplotlib_names_the_extra():
    result = python(
        "import sys; sys.modules['matplotlib'] = None\n"
        "from gibbsite.cli import main; sys.exit(main(['demo', '--output', '/nowhere/r.html']))"
    )
    assert result.returncode == 1
    assert "pip install gibbsite[plot]" in result.stderr


def test_optional_packages_are_imported_late():
    result = python(
        "import gibbsite, gibbsite.mixture, gibbsite.em, gibbsite.kernels.mixture, sys\n"
        "late = {'matplotlib', 'torch', 'cupy', 'dask', 'distributed', 'zarr', 'arviz', 'jax', 'pymc'}\n"
        "print(sorted(late & set(sys.modules)))"
    )
    assert result.stdout.strip() == "[]", result.stderr


def test_module_runs_as_the_command():
    result = subprocess.run([sys.executable, "-m", "gibbsite", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == f"gibbsite {gibbsite.__version__}\n"


def test_package_is_typed():
    assert (files("gibbsite") / "py.typed").is_file()


def test_metadata_agrees_with_the_package():
    if "PYTHONPATH" in os.environ:
        pytest.skip("the package is not the installed one")
    assert version("gibbsite") == gibbsite.__version__
    runtime = [line for line in requires("gibbsite") or [] if "extra ==" not in line]
    names = {line.split(">")[0].strip() for line in runtime}
    assert names == {"numpy", "scipy", "scikit-learn", "numba", "tqdm", "threadpoolctl", "safetensors"}
