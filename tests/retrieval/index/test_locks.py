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


def test_a_waiting_writer_goes_before_new_readers():
    lock, order = ReadWriteLock(), []
    reading, writing = threading.Event(), threading.Event()

    def first():
        with lock.read():
            reading.set()
            writing.wait(5)
            time.sleep(0.05)

    def writer():
        writing.set()
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
    reading.wait(5)
    threads[1].start()
    writing.wait(5)
    time.sleep(0.02)
    threads[2].start()
    for thread in threads:
        thread.join(5)
    assert order == ["writer", "reader"]
