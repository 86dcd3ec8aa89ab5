import threading
import time

from retrieval.index.locks import ReadWriteLock


def test_readers_share_and_writers_exclude():
    lock, inside, worst = ReadWriteLock(), [], []

    def read():
        for _ in range(50):
            with lock.read():
                inside.append("r")
                worst.append(list(inside))
                time.sleep(0.0002)
                inside.remove("r")

    def write():
        for _ in range(20):
            with lock.write():
                inside.append("w")
                worst.append(list(inside))
                time.sleep(0.0002)
                inside.remove("w")

    threads = [threading.Thread(target=work) for work in (read, read, read, write, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(state == ["w"] or "w" not in state for state in worst)
    assert any(len(state) > 1 for state in worst)


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_waiting_writer_goes_before_new_readers():
    lock, order = ReadWriteLock(), []
    reading, leave = threading.Event(), threading.Event()

    def first():
        with lock.read():
            reading.set()
            leave.wait(10)

    def writer():
        with lock.write():
            order.append("writer")

    def second():
        with lock.read():
            order.append("reader")

    threads = [
        threading.Thread(target=first),
        threading.Thread(target=writer),
        threading.Thread(target=second),
    ]
    threads[0].start()
    assert reading.wait(10)
    threads[1].start()
    until(lambda: lock._writers_waiting == 1)
    threads[2].start()
    until(lambda: len(lock._condition._waiters) == 2)  # the reader waits behind the writer
    leave.set()
    for thread in threads:
        thread.join(10)
    assert order == ["writer", "reader"]
