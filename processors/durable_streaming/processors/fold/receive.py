"""What becomes of each valid event of a running run: the class it falls in, and its turn."""

from durable_streaming.processors.fold.apply import apply, bounded_name
from durable_streaming.processors.fold.copies import fingerprint
from durable_streaming.processors.fold.order import Waiting
from durable_streaming.processors.fold.state import Ending, Run
from durable_streaming.processors.fold.stretch import Stretch
from durable_streaming.schemas import Event


def receive(run: Run, event: Event, offset: int, size: int) -> bool:
    """Take one valid event of the run into account.

    Args:
        run: the run of the event, changed by it.
        event: the event as judged.
        offset: where it stands.
        size: bytes of its value as stored.

    Returns:
        Whether it is a control event that counts.
    """
    settle(run)
    run.stretch = None
    run.applied_offset = offset
    seq = event.seq
    if seq is None:
        return _receive_control(run, event, offset)
    order = run.order
    if not run.lineage.admit(event.producer_epoch, event.producer_id, seq):  # type: ignore[arg-type]
        order.fenced += 1
    elif seq == order.next_seq:
        _fold(run, event, seq, offset)
        if order.waiting:
            _fold_waiting(run)
        elif run.waiting_for is None:
            run.stretch = Stretch(event, seq, run.key)
    elif seq < order.next_seq or seq in order.waiting:
        order.count_repeated(seq, offset, event)
    else:
        order.wait(seq, Waiting(offset, size, event))
        while order.overfull and run.ending is None:
            order.give_up_gap()
            _fold_waiting(run)
    return False


def settle(run: Run) -> None:
    """Fold the deltas that were only noted, after which the run shows them."""
    stretch = run.stretch
    if stretch is None or not stretch.texts:
        return
    texts, offsets = stretch.texts, stretch.offsets
    run.applied_offset = run.last_offset = offsets[-1]
    run.count += len(texts)
    run.updated_at = stretch.time
    run.lineage.highest_seq = stretch.next_seq - 1
    run.order.extend(stretch.first_seq, offsets, stretch.fingerprints())
    if stretch.kind == "text.delta":
        run.text.extend(texts, stretch.part, stretch.first_seq)
    else:
        run.reasoning_length += sum(map(len, texts))
    stretch.clear()


def _fold(run: Run, event: Event, seq: int, offset: int) -> None:
    order = run.order
    order.last = seq
    order.next_seq = seq + 1
    # Behind its end a run compares nothing any more.
    known = None if event.is_terminal else fingerprint(event.type, event.data)
    order.window.add(seq, offset, known)
    run.tally(seq, event.type, event.time, offset)
    run.waiting_for = None
    apply(run, event)


def _fold_waiting(run: Run) -> None:
    """Fold what waits up to the next gap, or to the end."""
    if run.ending is not None:
        return
    for seq, offset, event in run.order.in_turn():
        _fold(run, event, seq, offset)
        if run.ending is not None:
            return


def _fold_over_gaps(run: Run) -> None:
    """Fold all that waits, or up to the end; the gaps before it are missing."""
    while run.order.waiting and run.ending is None:
        run.order.give_up_gap()
        _fold_waiting(run)


def _receive_control(run: Run, event: Event, offset: int) -> bool:
    if event.type == "run.timed_out":
        return _time_out(run, event, offset)
    if event.type == "run.resumed":
        return _take_over(run, event, offset)
    name = bounded_name(event.type)
    if name in run.control_types:
        run.order.duplicates += 1
        return False
    run.control_types.put(name)
    run.tally(None, event.type, event.time, offset)
    if event.type == "run.cancel_requested":
        run.cancel_requested = True
    else:
        run.violate(None, "unknown_type")
    return True


def _time_out(run: Run, event: Event, offset: int) -> bool:
    lineage = run.lineage
    data = event.data
    if data["last_seq"] != lineage.highest_seq or data["last_epoch"] != lineage.epoch:
        return False
    _fold_over_gaps(run)
    # It holds, so it is folded and counts also where a terminal event that waited gave the status.
    run.tally(None, event.type, event.time, offset)
    if run.ending is None:
        run.ending = Ending("timed_out", event.time, {})
    return True


def _take_over(run: Run, event: Event, offset: int) -> bool:
    if not run.lineage.take_over(event.producer_epoch, event.producer_id):  # type: ignore[arg-type]
        run.order.fenced += 1
        return False
    # What the dead producer left out can't come any more.
    run.tally(None, event.type, event.time, offset)
    _fold_over_gaps(run)
    return True
