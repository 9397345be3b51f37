package dev.weft.mesh.link.kind;

import dev.weft.identity.NodeId;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import java.util.Optional;

/** A transport over a byte stream: what does not depend on how frames lie in it. */
abstract class ByteStreamTransport implements Transport, ByteStream.Reader {
  final ByteStream stream;
  private final FarEnd farEnd;
  private Receiver receiver;
  private String ended;

  ByteStreamTransport(FarEnd farEnd, ByteStream stream) {
    this.farEnd = farEnd;
    this.stream = stream;
  }

  /** Gives the stream what it can still take, and lets go of what is held. Called once. */
  abstract void release();

  @Override
  public final String kind() {
    return farEnd.kind();
  }

  @Override
  public final String remote() {
    return farEnd.remote();
  }

  @Override
  public final String seenFrom() {
    return farEnd.seenFrom();
  }

  @Override
  public final Optional<NodeId> proven() {
    return farEnd.proven();
  }

  @Override
  public final String proof() {
    return farEnd.proof();
  }

  @Override
  public final Loop loop() {
    return stream.loop();
  }

  @Override
  public final void receive(Receiver to) {
    receiver = to;
    if (ended == null) {
      stream.read(this);
    } else {
      loop().netty().execute(() -> to.onClosed(ended));
    }
  }

  /** Who takes what arrives; there is one as long as anything arrives. */
  final Receiver receiver() {
    return receiver;
  }

  final boolean stands() {
    return ended == null;
  }

  @Override
  public final void onEnd(String reason) {
    end(reason);
  }

  @Override
  public final void close(String reason) {
    if (loop().netty().inEventLoop()) {
      end(reason);
    } else {
      loop().netty().execute(() -> end(reason));
    }
  }

  final void end(String reason) {
    if (ended != null) {
      return;
    }
    release();
    ended = reason;
    stream.close();
    if (receiver != null) {
      receiver.onClosed(reason);
    }
  }
}
