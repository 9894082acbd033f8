"""Tables of texts, dates and gaps on the command line, against the pipeline itself."""

import json

import numpy as np
import pytest

import symbolscope as sy
from symbolscope.cli.main import run

pandas = pytest.importorskip("pandas")

MODEL = """
import numpy as np, pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

X = pd.read_csv("people.csv", parse_dates=["joined"])
y = (X.age.fillna(40) > 40).astype(int) ^ (X.city == "Oslo").astype(int)

def build():
    month = FunctionTransformer(lambda frame: frame["joined"].dt.month.to_numpy()[:, None])
    columns = make_column_transformer((OneHotEncoder(), ["city"]), (SimpleImputer(), ["age"]), (month, ["joined"]))
    return make_pipeline(columns, LogisticRegression(max_iter=2000)).fit(X, y)
"""


@pytest.fixture
def people(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "city": rng.choice(["Lyon", "Oslo", "Turin"], 40),
            "age": rng.integers(20, 60, 40),
            "joined": pandas.Timestamp("2025-01-01") + pandas.to_timedelta(rng.integers(0, 300, 40), unit="D"),
        }
    )
    frame[["joined", "age", "city"]].assign(age=frame["age"].astype(object).where(frame.index != 5, "")).to_csv(
        "people.csv", index=False
    )
    (tmp_path / "people_model.py").write_text(MODEL)
    return frame


def test_texts_dates_and_gaps(people, capsys):
    arguments = [
        "explain",
        "people_model.py:build",
        "--data",
        "people.csv",
        "--row",
        "5",
        "--no-nulls",
        "--tolerance",
        "0",
    ]
    assert run([*arguments, "--target", "1", "--json"]) == 0, capsys.readouterr().err
    found = json.loads(capsys.readouterr().out)
    cells = {entry["player"]: entry for entry in found["input"]}
    assert set(cells) == {"city", "age", "joined"}
    assert cells["age"]["value"] == "missing"
    assert cells["city"]["value"] == people["city"][5]
    assert cells["city"]["hidden"] == people["city"].mode()[0]
    assert cells["joined"]["value"] == str(people["joined"][5].date())
    assert cells["joined"]["hidden"] == str(people["joined"].sort_values().iloc[19].date())
    scope: dict[str, object] = {}
    exec(MODEL, scope)  # the same model, asked by hand
    frame = scope["X"]
    share = scope["build"]().predict_proba(pandas.concat([frame.iloc[[5]], sy.baselines.typical(frame)]))
    outputs = [found["outputs"][which] for which in ("all_shown", "all_hidden")]
    assert np.allclose(outputs, np.log(share[:, 1] / share[:, 0]), atol=1e-6)


def test_means_of_texts_are_refused(people, capsys):
    arguments = ["explain", "people_model.py:build", "--data", "people.csv", "--row", "3", "--no-nulls"]
    assert run([*arguments, "--baseline", "mean"]) == 2
    assert "'joined'" in (told := capsys.readouterr().err)
    assert "--baseline typical" in told


def test_the_mean_of_one_row_is_refused(people, capsys):
    people.head(1).to_csv("one.csv", index=False)
    assert run(["explain", "people_model.py:build", "--data", "one.csv", "--row", "0", "--no-nulls"]) == 2
    assert "one row" in capsys.readouterr().err
