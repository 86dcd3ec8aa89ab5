import numpy as np
import pytest

from app.measuring.speed.dense_index import HNSWLIB, IndexBench, clustered, held_out, measure_index
from app.measuring.speed.nearest import compared, exact, kth_cosines
from retrieval.config import HnswConfig
from retrieval.errors import SnapshotError


def test_clustered_vectors_are_unit_long_and_the_same_for_a_seed():
    rows = clustered(50, 8, seed=1)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert (rows == clustered(50, 8, seed=1)).all()
    assert (rows != clustered(50, 8, seed=2)).any()


def test_exact_search_gives_the_best_cosines():
    rows = clustered(30, 8, seed=1)
    assert exact(rows, rows[3]) == pytest.approx(np.sort(rows @ rows[3])[::-1][:10])
    assert len(exact(rows[:4], rows[3])) == 4


@pytest.mark.parametrize(("count", "k"), [(4, 4), (300, 10)])
def test_the_kth_cosine_is_that_of_a_scan(count, k, monkeypatch):
    monkeypatch.setattr("app.measuring.speed.nearest._AT_ONCE", 64)
    rows, queries = np.split(clustered(count + 3, 8, seed=1), [count])
    expected = [np.sort(rows @ query)[-k] for query in queries]
    np.testing.assert_allclose(kth_cosines(rows, queries), expected, atol=1e-6)


def test_recall_counts_what_is_as_near_as_the_kth():
    rows, queries = np.split(clustered(105, 8, seed=1), [100])
    searches = {"all": lambda query: exact(rows, query), "seven": lambda query: exact(rows, query)[:7]}
    found = compared(searches, queries, kth_cosines(rows, queries))
    assert (found["all"]["recall@10"], found["seven"]["recall@10"]) == (1, 0.7)


def test_queries_that_are_held_out_are_not_in_the_index():
    rows = np.eye(20, dtype=np.float32)
    base, queries = held_out(rows, 5, seed=0)
    assert (len(base), len(queries)) == (15, 5)
    assert (base @ queries.T).max() == 0


@pytest.mark.parametrize(("exact_below", "plan"), [(0, "graph"), (1000, "scan")])
def test_all_promised_figures_are_there(exact_below, plan):
    rows = clustered(312, 16, 2)
    bench = IndexBench(
        vectors=rows[:300],
        queries=rows[300:],
        config=HnswConfig(exact_below=exact_below, threads=1),
        thorough=True,
    )
    result = measure_index(bench)
    assert {"recall@10", "p50_ms", "p99_ms", "build_s", "load_s", "bytes_per_vector"} <= result.keys()
    assert result["peak_rss_mib"] > 10
    assert (result["plan"], result["n"], result["dim"], result["queries"]) == (plan, 300, 16, 12)
    assert result["recall@10"] >= (1 if plan == "scan" else 0.95)
    assert result["bytes_per_vector"] >= 4 * 16
    assert [peer["name"].split()[0] for peer in result["peers"]] == ["exact", "hnswlib"]
    assert result["peers"][0]["recall@10"] == 1
    assert result["ratio"] == result["peers"][0]["ratio"] > 0
    assert [item["selectivity"] for item in result["filtered"]] == [0.5, 0.1, 0.05, 0.01, 0.002]
    # few enough are scanned, so that these are exact
    assert all(item["recall@10"] == 1 for item in result["filtered"][1:])
    for item in result["filtered"]:
        assert min(item["scan_p50_ms"], item["graph_p50_ms"], item["ratio"], item["cpu_ratio"]) > 0
    churn = result["after_churn"]
    assert min(churn["recall@10"], churn["fresh_recall@10"]) >= 0.9
    assert churn["fresh_p50_ms"] > 0
    assert churn["dead_share"] <= bench.config.compact_above


def test_a_saved_index_is_written_and_loaded_the_next_time(tmp_path):
    rows = clustered(312, 16, 2)
    bench = IndexBench(
        vectors=rows[:300],
        queries=rows[300:],
        config=HnswConfig(exact_below=0, threads=1),
        saved=tmp_path / "index",
    )
    first, again = measure_index(bench), measure_index(bench)
    assert first["recall@10"] == again["recall@10"]
    assert "build_s" in first
    assert "build_s" not in again
    for result in (first, again):
        peer = next(side for side in result["peers"] if side["name"] == HNSWLIB)
        assert peer["recall@10"] == result["recall@10"]
        assert "build_s" not in peer


def test_a_saved_index_of_other_vectors_is_refused(tmp_path):
    for seed in (2, 3):
        rows = clustered(60, 16, seed)
        bench = IndexBench(
            vectors=rows[:50], queries=rows[50:], config=HnswConfig(exact_below=0), saved=tmp_path / "index"
        )
        if seed == 2:
            measure_index(bench)
        else:
            with pytest.raises(SnapshotError, match="other vectors"):
                measure_index(bench)


def test_equal_vectors_are_no_misses():
    rows = np.repeat(clustered(3, 16, 2), 40, axis=0)
    config = HnswConfig(exact_below=0, threads=1)
    assert measure_index(IndexBench(vectors=rows, queries=rows[:3], config=config))["recall@10"] == 1
