package dev.weft.mesh.stream;

import com.google.protobuf.ByteString;
import dev.weft.bus.Fault;
import dev.weft.mesh.proto.BeginTransfer;
import dev.weft.mesh.proto.ObjectRef;
import dev.weft.mesh.proto.StreamControl;
import dev.weft.mesh.proto.StreamRef;
import io.vertx.core.Future;

/**
 * Has one end of a pair, whose partner a program has or had, and shuttles between it and the stream
 * that leads to where the other end of it all is.
 *
 * <pre>
 *   program ── end │ held end ── Proxy ── stream ── Proxy ── held end │ end ── program
 *
 *   OPENING ── stream ──▶ OPEN ── begin_transfer sent ──▶ MOVING ── answer ──▶ DONE
 *      ▲                  │  └── end closed, shutdown sent ──▶ CLOSING ── shutdown ──▶ DONE
 *      └─ ack_transfer ───┘
 * </pre>
 *
 * The partner moves: what its program wrote is sent, then begin_transfer; from the start, what
 * comes goes to a {@link DrainSender}. The other end moves, of which its begin_transfer tells: this
 * proxy answers, and has no stream until it has opened the transfer to the new node, or has met the
 * end in this node; then both proxies feed what is left on their drain streams to the ends, which
 * are partners from then on.
 */
final class Proxy {
  private enum State {
    OPENING,
    OPEN,
    MOVING,
    CLOSING,
    DONE
  }

  private final Proxies proxies;
  private final End held;
  private State state = State.OPENING;
  private PeerStream stream;
  private Inlet inlet;
  private Outlet outlet;

  /** What is waited for: a stream, a transfer, the end of a stream. Ends the proxy. */
  private Runnable clock = () -> {};

  /** What came here before the partner did, and precedes all of the stream; null without any. */
  private Drain drain;

  /** The partner's move, and what the other end has said of its own. */
  private Transfer transfer;

  private BeginTransfer crossing;

  /** This proxy's other end comes to this node, or is here. */
  private boolean home;

  /** By what it waits for the other end in this node; null if it does not. */
  private ByteString awaited;

  /** Runs when the drain has ended. */
  private Runnable afterDrain = () -> {};

  /** The proxy whose end this one's partner is to be partner of, once the drain has ended. */
  private Proxy peer;

  /** The other end's node has been heard on the stream. */
  private boolean heard;

  Proxy(Proxies proxies, End held) {
    this.proxies = proxies;
    this.held = held;
    held.holder = this;
    proxies.add(this);
  }

  // How it gets its stream.

  /** Takes a stream, and shuttles. */
  void open(PeerStream next, boolean initiator) {
    if (state != State.OPENING) {
      decline(next, initiator);
      return;
    }
    clock.run();
    awaited = null;
    state = State.OPEN;
    stream = next;
    inlet = new Inlet(proxies, held, next, !initiator, new Main());
    outlet = new Outlet(proxies, held, next, new Sending());
    next.write(initiator ? SmallFrames.hello() : SmallFrames.accepted());
    inlet.hold();
    Inlet mine = inlet;
    if (state == State.OPEN) {
      outlet.start();
    }
    if (inlet == mine && drain == null && state != State.DONE) {
      mine.start();
    }
  }

  /** The stream comes too late. */
  private void decline(PeerStream late, boolean initiator) {
    Lingering lingering = new Lingering(proxies, late);
    Inlet last = new Inlet(proxies, held, late, !initiator, lingering);
    last.hold();
    if (initiator) {
      late.write(SmallFrames.hello());
    }
    late.write(SmallFrames.shutdown("closed"));
    late.finish();
    last.drop(lingering);
  }

  /** Takes a stream that another node has opened, once it is here. */
  void accept(Future<PeerStream> coming) {
    await("stream: did not come");
    coming.onComplete(
        come -> {
          if (come.failed()) {
            fail(come.cause().getMessage());
          } else {
            open(come.result(), false);
          }
        });
  }

  /** Opens a transfer to where the other end is, or will be. */
  void openTo(long node, ByteString key) {
    if (state == State.DONE) {
      return;
    }
    await("transfer: not opened");
    proxies
        .peers()
        .openTransfer(node, key.toByteArray())
        .onComplete(
            opened -> {
              if (opened.failed()) {
                fail("transfer: " + opened.cause().getMessage());
              } else {
                open(opened.result(), true);
              }
            });
  }

  /** Waits in this node for a transfer. */
  private void meet(ByteString key, long from) {
    if (state == State.DONE) {
      return;
    }
    await("transfer: the other end did not come");
    awaited = key;
    proxies.meetings().arrive(key, this, from);
  }

  private void await(String otherwise) {
    clock.run();
    clock = proxies.later(Proxies.PATIENCE_MILLIS, () -> fail(otherwise));
  }

  /** Takes an end that came from another node. */
  void arrive(StreamRef ref, StreamConnection from) {
    switch (ref.getRefCase()) {
      case CREATING -> accept(proxies.accepted(from, ref.getCreating()));
      case TRANSFER_INITIATOR -> {
        drain(from, ref.getTransferInitiator().getDrainStream());
        long meeting = ref.getTransferInitiator().getNewDestination();
        ByteString key = ref.getTransferInitiator().getTransferKey();
        if (meeting == proxies.peers().self()) {
          meet(key, from.node());
        } else {
          openTo(meeting, key);
        }
      }
      case TRANSFER_AWAITER -> {
        drain(from, ref.getTransferAwaiter().getDrainStream());
        meet(ref.getTransferAwaiter().getTransferKey(), from.node());
      }
      case REF_NOT_SET -> throw Fault.invalid("object", "no stream", "a stream");
    }
  }

  private void drain(StreamConnection from, long id) {
    drain = new Drain(proxies, held, this::drained, this::drainLost);
    drain.await(proxies.accepted(from, id));
  }

  // How its partner moves.

  /** Whether the partner's move is no move of this stream: the other end is in this node. */
  boolean isHome() {
    return home;
  }

  /** Moves the partner, which has been taken from its program. */
  Future<Departure> depart(End moved, StreamConnection to) {
    DrainSender sender = new DrainSender(proxies, moved, to.openOneWay());
    Runnable timer =
        proxies.later(
            Proxies.PATIENCE_MILLIS / 2, () -> fail("transfer: the other end does not answer"));
    ByteString key = proxies.newKey();
    Transfer mine = new Transfer(to.node(), key, held.kind, moved.out.hasEnded(), sender, timer);
    transfer = mine;
    sender.start();
    if (state == State.OPEN && crossing != null) {
      outlet.goOn();
    } else if (state == State.OPEN) {
      outlet.onReadable();
    }
    return mine.departure();
  }

  /** All that the partner's program wrote has been sent. */
  private void begin() {
    state = State.MOVING;
    outlet.stop(() -> {});
    stream.write(SmallFrames.begin(transfer.destination, transfer.key));
    if (crossing != null) {
      cross(crossing);
    }
  }

  /** The other end's node answers: it goes on with the new node. */
  private void acknowledged() {
    Transfer mine = transfer;
    transfer = null;
    handOver();
    mine.initiates(mine.destination, mine.key);
    retire(true);
    proxies.moved();
    done();
  }

  /** Both ends move at once: the server's side is met, at the node that it names. */
  private void cross(BeginTransfer other) {
    Transfer mine = transfer;
    transfer = null;
    handOver();
    if (stream.connection().dialled()) {
      mine.initiates(other.getNewDestination(), other.getTransferKey());
    } else {
      mine.awaits(other.getNewDestination());
    }
    retire(true);
    proxies.moved();
    done();
  }

  /** What comes further for the partner does not come here; what is still draining does. */
  void handOver() {
    afterDrain(held.out::handOver);
  }

  /** The stream is not this proxy's any more; its last words are awaited. */
  private void retire(boolean finished) {
    if (finished) {
      stream.write(SmallFrames.shutdown(""));
      stream.finish();
    }
    inlet.controlOnly(new RetiredStream(proxies, stream, finished, this::fail));
    stream = null;
    inlet = null;
  }

  // How the other end moves.

  private void onBegin(BeginTransfer begin) {
    Proxies.checkKey(begin.getTransferKey());
    if (state == State.MOVING) {
      cross(begin);
      return;
    }
    crossing = begin;
    inlet.controlOnly(new Main());
    if (begin.getNewDestination() == proxies.peers().self()) {
      whenSettled(this::answer);
    } else {
      answer();
    }
  }

  private void answer() {
    // A partner that is about to move answers by its own begin_transfer.
    if (state == State.OPEN && transfer == null) {
      outlet.stop(this::follow);
    }
  }

  /** Runs when no drain precedes any more what this pair carries. */
  void whenSettled(Runnable then) {
    held.in.whenSettled(() -> held.partner.in.whenSettled(then));
  }

  private void follow() {
    BeginTransfer begin = crossing;
    crossing = null;
    long from = stream.connection().node();
    stream.write(SmallFrames.acknowledge());
    retire(false);
    state = State.OPENING;
    outlet = null;
    if (begin.getNewDestination() == proxies.peers().self()) {
      home = true;
      meet(begin.getTransferKey(), from);
    } else {
      openTo(begin.getNewDestination(), begin.getTransferKey());
    }
  }

  // What a reunion needs.

  /** Whether it has no stream, and waits for one. */
  boolean isOpening() {
    return state == State.OPENING;
  }

  /**
   * Its other end is in this node too: it waits for nothing more.
   *
   * @return the partner's move, which whoever calls now carries out; null if it does not move
   */
  Transfer met() {
    clock.run();
    awaited = null;
    Transfer mine = transfer;
    transfer = null;
    return mine;
  }

  End held() {
    return held;
  }

  void home(boolean now) {
    home = now;
  }

  void peer(Proxy next) {
    peer = next;
  }

  /** Runs once what came here before the partner did has been read; perhaps at once. */
  void afterDrain(Runnable work) {
    if (drain == null) {
      work.run();
    } else {
      afterDrain = work;
    }
  }

  private void drained() {
    drain = null;
    afterDrain.run();
    if (inlet != null && state != State.DONE) {
      inlet.start();
    }
  }

  /** What precedes the stream does not all come: the pair is not whole any more. */
  private void drainLost(String reason) {
    drain = null;
    if (state == State.DONE) {
      held.out.close(reason);
      if (peer != null) {
        peer.held.in.abandon();
      }
    } else {
      fail(reason);
    }
  }

  // How it ends.

  /** The other end is closed, or its stream is lost. */
  private void end(String reason) {
    if (outlet != null) {
      outlet.abort(!reason.isEmpty());
    }
    if (drain != null) {
      drain.drop();
      drain = null;
    }
    afterDrain = () -> {};
    held.close(reason);
    held.out.settle();
    if (awaited != null) {
      proxies.meetings().leave(awaited, this, reason);
    }
    if (transfer != null) {
      Transfer mine = transfer;
      transfer = null;
      mine.initiates(mine.destination, mine.key);
      proxies.failed();
    }
    done();
    if (peer != null) {
      peer.fail(reason);
      peer.held.close(reason);
    }
  }

  /** Something is wrong on this side, or with what came: tells the other end, and ends. */
  void fail(String reason) {
    if (state == State.DONE) {
      return;
    }
    if (stream != null && state == State.CLOSING) {
      stream.reset();
    } else if (stream != null) {
      stream.write(SmallFrames.shutdown(reason));
      stream.finish();
      inlet.drop(new Lingering(proxies, stream));
    }
    end(reason);
  }

  /** Both ends meet without it, or there is nothing left of them. */
  void done() {
    if (state == State.DONE) {
      return;
    }
    state = State.DONE;
    clock.run();
    if (held.holder == this) {
      held.holder = null;
    }
    proxies.remove(this);
  }

  long streamId() {
    return stream.id();
  }

  /** How the other node is told of an end that was given away over a new stream. */
  Departure created(boolean ended) {
    ObjectRef ref =
        ObjectRef.newBuilder()
            .setKind(held.kind)
            .setStream(StreamRef.newBuilder().setCreating(stream.id()))
            .setEnded(ended)
            .build();
    return new Creation(proxies, this, ref);
  }

  /** Whether the other end's node has been heard, or it does not matter any more. */
  boolean arrived() {
    return heard || state == State.DONE;
  }

  /** What is to be sent. */
  private final class Sending implements Outlet.Owner {
    @Override
    public void onIdle() {
      if (transfer != null && state == State.OPEN) {
        begin();
      }
    }

    @Override
    public void onClosing() {
      watch(outlet);
    }

    /** An end that is closed does not wait for ever to be rid of what it wrote. */
    private void watch(Outlet watched) {
      long before = watched.messages();
      proxies.later(
          Proxies.PATIENCE_MILLIS,
          () -> {
            if (state == State.OPEN && outlet == watched) {
              if (watched.messages() == before) {
                fail("the other end takes nothing");
              } else {
                watch(watched);
              }
            }
          });
    }

    @Override
    public void onClosed(String reason) {
      stream.write(SmallFrames.shutdown(reason));
      stream.finish();
      state = State.CLOSING;
      await("the other end does not close");
    }

    @Override
    public void onUnsendable(String reason) {
      fail(reason);
    }
  }

  /** What the stream tells. */
  private final class Main implements Inlet.Owner {
    @Override
    public void onBegun() {
      heard = true;
    }

    @Override
    public void onControl(StreamControl control) {
      switch (control.getControlCase()) {
        case BEGIN_TRANSFER -> onBegin(control.getBeginTransfer());
        case ACK_TRANSFER -> onAcknowledged();
        case SHUTDOWN -> onShutdown(control.getShutdown().getError());
        case END_OF_DATA, CONTROL_NOT_SET ->
            throw Fault.invalid("control", control.getControlCase(), "another one here");
      }
    }

    private void onBegin(BeginTransfer begin) {
      if (state == State.CLOSING) {
        return;
      }
      if (crossing != null) {
        throw Fault.invalid("control", "BEGIN_TRANSFER again", "SHUTDOWN");
      }
      Proxy.this.onBegin(begin);
    }

    private void onAcknowledged() {
      if (state != State.MOVING) {
        throw Fault.invalid("control", "ACK_TRANSFER", "it after BEGIN_TRANSFER only");
      }
      acknowledged();
    }

    private void onShutdown(String error) {
      if (state != State.CLOSING) {
        stream.write(SmallFrames.shutdown(""));
        stream.finish();
      }
      inlet.drop(new Lingering(proxies, stream));
      end(error);
    }

    @Override
    public void onEnd() {
      if (state == State.CLOSING) {
        end("");
      } else {
        fail("stream: ended without shutdown");
      }
    }

    @Override
    public void onLost(String reason) {
      end(reason);
    }

    @Override
    public void onWrong(String reason) {
      proxies.wrong();
      fail(reason);
    }

    @Override
    public void onWritable() {
      if (outlet != null) {
        outlet.onWritable();
      }
    }
  }
}
