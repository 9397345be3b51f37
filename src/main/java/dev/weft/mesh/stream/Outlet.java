package dev.weft.mesh.stream;

import dev.weft.mesh.proto.ObjectRef;
import dev.weft.mesh.proto.SignalUpdate;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/**
 * Sends what is read at an end over a stream, as fast as the stream takes it. A message with
 * objects waits until each of them has found its stream; one message at a time does.
 */
final class Outlet implements Flow.Reader {
  /** What the outlet tells. */
  interface Owner {
    /** All has been sent; more may come. */
    default void onIdle() {}

    /** All has been sent; what follows goes another way. */
    default void onHandedOver() {}

    /** The writer is gone; what it has written is still to be sent. Once. */
    default void onClosing() {}

    /** The writer is gone, and all has been sent. Once. */
    void onClosed(String reason);

    /** An object of a message could not be sent. */
    void onUnsendable(String reason);
  }

  /** How many objects it knows to have sent, though they may have arrived, at most. */
  private static final int REMEMBERED = 256;

  private final Proxies proxies;
  private final End end;
  private final PeerStream stream;
  private final Owner owner;
  private final List<Departure> sent = new ArrayList<>();
  private boolean writable = true;
  private boolean pumping;
  private boolean busy;
  private boolean closing;
  private boolean endTold;

  /** Sends no further message, but the one that it has begun with. */
  private boolean stopped;

  private Runnable whenStopped = () -> {};
  private boolean aborted;
  private long messages;

  Outlet(Proxies proxies, End end, PeerStream stream, Owner owner) {
    this.proxies = proxies;
    this.end = end;
    this.stream = stream;
    this.owner = owner;
  }

  /** Begins, with what waits already. */
  void start() {
    end.in.readBy(this);
  }

  @Override
  public void onReadable() {
    pump();
  }

  @Override
  public void onSignals() {
    if (!stopped) {
      sendSignals();
    }
  }

  void onWritable() {
    writable = true;
    pump();
  }

  /** How many messages have been sent. */
  long messages() {
    return messages;
  }

  private void pump() {
    if (pumping) {
      return;
    }
    pumping = true;
    try {
      if (!stopped && end.in.closeReason() != null && !closing) {
        closing = true;
        owner.onClosing();
      }
      while (!stopped && !busy && writable) {
        sendSignals();
        ChannelMessage message = end.in.poll();
        if (message == null) {
          break;
        }
        messages++;
        if (message.objects().isEmpty()) {
          writable = stream.write(DataFrame.of(end.kind, message.bytes(), List.of()));
        } else {
          sendObjects(message);
        }
      }
    } finally {
      pumping = false;
    }
    if (!stopped && !busy && end.in.finished()) {
      tellEmpty();
    }
  }

  private void tellEmpty() {
    Flow in = end.in;
    sendSignals();
    if (in.hasEnded() && !endTold) {
      endTold = true;
      stream.write(SmallFrames.endOfData());
    }
    if (in.atHandOver()) {
      stopped = true;
      owner.onHandedOver();
    } else if (in.atClose()) {
      stopped = true;
      owner.onClosed(in.closeReason());
    } else {
      owner.onIdle();
    }
  }

  private void sendSignals() {
    SignalUpdate update = end.in.takeSignals();
    if (update != null) {
      stream.write(SmallFrames.signal(update));
    }
  }

  private void sendObjects(ChannelMessage message) {
    busy = true;
    List<Future<Departure>> leaving = new ArrayList<>();
    for (MeshObject object : message.objects()) {
      leaving.add(proxies.depart(object, stream.connection()));
    }
    Future.join(leaving)
        .onComplete(
            all -> {
              List<Departure> gone =
                  leaving.stream().filter(Future::succeeded).map(Future::result).toList();
              busy = false;
              if (aborted) {
                gone.forEach(Departure::lost);
              } else if (gone.size() < leaving.size()) {
                gone.forEach(Departure::lost);
                owner.onUnsendable(all.cause().getMessage());
              } else {
                write(message, gone);
              }
            });
  }

  private void write(ChannelMessage message, List<Departure> gone) {
    if (sent.size() >= REMEMBERED) {
      sent.removeIf(Departure::arrived);
    }
    sent.addAll(gone);
    List<ObjectRef> refs = gone.stream().map(Departure::ref).toList();
    writable = stream.write(DataFrame.of(end.kind, message.bytes(), refs));
    if (stopped) {
      end.in.readByNobody();
      whenStopped.run();
    } else {
      pump();
    }
  }

  /**
   * Sends no further message. The one that it has begun with is sent first.
   *
   * @param then runs when nothing is under way, which may be at once
   */
  void stop(Runnable then) {
    stopped = true;
    whenStopped = then;
    if (!busy) {
      end.in.readByNobody();
      then.run();
    }
  }

  /** Goes on after all. */
  void goOn() {
    stopped = false;
    whenStopped = () -> {};
    end.in.readBy(this);
  }

  /**
   * The stream is gone.
   *
   * @param broken whether what was sent, and has not been seen to arrive, may be lost with it
   */
  void abort(boolean broken) {
    aborted = true;
    stopped = true;
    whenStopped = () -> {};
    if (broken) {
      sent.forEach(Departure::doubt);
    }
    sent.clear();
  }
}
