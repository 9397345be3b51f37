package dev.weft.mesh.stream;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.proto.ObjectRef;
import dev.weft.mesh.proto.ProxiedMessage;
import dev.weft.mesh.proto.SignalUpdate;
import dev.weft.mesh.proto.StreamControl;
import dev.weft.rpc.Buffers;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/** Gives what a stream brings to an end's partner, and pauses the stream while that is full. */
final class Inlet implements PeerStream.Reader, StreamFrames.Taker {
  /** What the inlet tells. */
  interface Owner {
    /** The first frame is here. */
    default void onBegun() {}

    /**
     * A control message, except the end of data.
     *
     * @throws WeftException if it is out of place
     */
    void onControl(StreamControl control);

    /** The stream has ended. */
    void onEnd();

    /** The stream was broken off. */
    void onLost(String reason);

    /** What came is wrong; nothing more is told. */
    void onWrong(String reason);

    /** The stream takes more. */
    default void onWritable() {}
  }

  private enum Mode {
    /** Everything. */
    OPEN,
    /** Control only. */
    CONTROL,
    /** Nothing: what comes is dropped. */
    DROP
  }

  private final Proxies proxies;
  private final End end;
  private final PeerStream stream;
  private final StreamFrames frames;
  private Owner owner;
  private boolean helloDue;
  private boolean begun;
  private Mode mode = Mode.OPEN;
  private boolean paused;
  private boolean dropping;

  /**
   * @param end whose partner gets what comes
   * @param helloDue whether the other end opened the stream, so that it begins with Hello
   */
  Inlet(Proxies proxies, End end, PeerStream stream, boolean helloDue, Owner owner) {
    this.proxies = proxies;
    this.end = end;
    this.stream = stream;
    this.helloDue = helloDue;
    this.owner = owner;
    int max = DataFrame.max(end.kind);
    this.frames =
        end.kind == ObjectKind.STREAM_SOCKET
            ? StreamFrames.inParts(max, this)
            : StreamFrames.whole(max, this);
  }

  /** Is told what happens to the stream, but reads nothing yet. */
  void hold() {
    stream.pause();
    stream.read(this);
  }

  /** Reads. */
  void start() {
    end.out.onWritable(this::goOn);
    if (!end.out.full()) {
      stream.resume();
    } else {
      paused = true;
    }
  }

  private void goOn() {
    if (paused && mode == Mode.OPEN) {
      paused = false;
      stream.resume();
    }
  }

  /** From now on only control messages are right, and another is told of them. */
  void controlOnly(Owner next) {
    mode = Mode.CONTROL;
    owner = next;
    stream.resume();
  }

  /**
   * The end is closed: what comes from now on is read, since it may bring objects that have to be
   * closed, and dropped. Another is told of the stream's end.
   */
  void drop(Owner next) {
    owner = next;
    dropping = true;
    stream.resume();
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    if (mode == Mode.DROP) {
      return;
    }
    try {
      frames.receive(bytes);
    } catch (WeftException e) {
      wrong(e.getMessage());
    }
    if (mode == Mode.OPEN && !dropping && !paused && end.out.full()) {
      paused = true;
      stream.pause();
    }
  }

  private void wrong(String reason) {
    if (mode != Mode.DROP) {
      mode = Mode.DROP;
      frames.close();
      owner.onWrong(reason);
    }
  }

  @Override
  public void onPart(ByteBuf part) {
    begin(StreamFrames.Type.DATA);
    data(ChannelMessage.of(Buffers.copy(part)));
  }

  @Override
  public void onFrame(StreamFrames.Type type, ByteBuf payload) {
    begin(type);
    try {
      switch (type) {
        case HELLO -> {}
        case DATA -> onData(payload);
        case CONTROL -> onControl(StreamControl.parseFrom(payload.nioBuffer()));
        case SIGNAL -> onSignal(SignalUpdate.parseFrom(payload.nioBuffer()));
      }
    } catch (InvalidProtocolBufferException e) {
      throw Fault.invalid(type + " frame", payload.readableBytes() + " bytes", "its message");
    }
  }

  private void begin(StreamFrames.Type type) {
    if ((type == StreamFrames.Type.HELLO) != helloDue) {
      throw Fault.invalid("frame", type, helloDue ? "HELLO first" : "DATA, CONTROL or SIGNAL");
    }
    helloDue = false;
    if (!begun) {
      begun = true;
      owner.onBegun();
    }
  }

  private void onData(ByteBuf payload) {
    if (end.kind == ObjectKind.EVENT_PAIR) {
      throw Fault.invalid("frame of an event pair", "DATA", "CONTROL or SIGNAL");
    }
    if (end.kind == ObjectKind.CHANNEL) {
      ProxiedMessage message = DataFrame.read(payload);
      checkOpen("DATA");
      List<MeshObject> objects = new ArrayList<>(message.getObjectsCount());
      try {
        for (ObjectRef ref : message.getObjectsList()) {
          objects.add(proxies.receive(ref, stream.connection()));
        }
      } catch (WeftException e) {
        objects.forEach(o -> o.close(e.getMessage()));
        throw e;
      }
      data(new ChannelMessage(Buffers.of(message.getBytes().toByteArray()), objects));
    } else {
      data(ChannelMessage.of(Buffers.copy(payload)));
    }
  }

  private void data(ChannelMessage message) {
    checkOpen("DATA");
    if (dropping || end.out.abandoned()) {
      message.discard();
      return;
    }
    RuntimeException refused = end.out.write(message);
    if (refused != null) {
      message.discard();
      throw Fault.INVALID.because("Data frame: " + refused.getMessage());
    }
  }

  private void checkOpen(String what) {
    if (mode != Mode.OPEN) {
      throw Fault.invalid("frame after transfer", what, "CONTROL with shutdown");
    }
  }

  private void onControl(StreamControl control) {
    if (control.hasEndOfData() && mode == Mode.OPEN) {
      end.out.end();
    } else {
      owner.onControl(control);
    }
  }

  private void onSignal(SignalUpdate update) {
    checkOpen("SIGNAL");
    if (((update.getSet() | update.getClear()) & ~MeshObject.SIGNALS) != 0) {
      throw Fault.invalid("signals", update.getSet() + ", " + update.getClear(), "0..255");
    }
    end.out.signal(update.getSet(), update.getClear());
  }

  @Override
  public void onEnd() {
    if (mode != Mode.DROP && !frames.betweenFrames()) {
      wrong("the stream ended within a frame");
      return;
    }
    frames.close();
    owner.onEnd();
  }

  @Override
  public void onReset(String reason) {
    mode = Mode.DROP;
    frames.close();
    owner.onLost(reason);
  }

  @Override
  public void onWritable() {
    owner.onWritable();
  }
}
