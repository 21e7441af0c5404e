"""RoBoT learns which proxies to follow, in which direction."""

from rlnas.search.proxies.robot import RoBoT


def test_it_finds_the_good_one_by_weights(proxied):
    task = proxied()
    del task.proxies._columns["good"]
    result = RoBoT(proxies=("noise", "against")).search(task, 40)
    top = sorted((r.score for r in result.records), reverse=True)
    assert result.best.score > 19  # the reversed proxy had to be used; the best of all is near 23
    assert top[20] > 12
