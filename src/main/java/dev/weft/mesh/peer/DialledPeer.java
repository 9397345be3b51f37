package dev.weft.mesh.peer;

import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.PeerMessage;
import dev.weft.mesh.proto.UpdateNodeDescription;
import dev.weft.mesh.stream.PeerStream;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import java.util.List;

/** This node's own connection to a peer: here it asks, and the peer answers. On the mesh's loop. */
final class DialledPeer implements ControlStream {
  /** After an outage a peer that does not answer within so long has forgotten the connection. */
  private static final long PROBE_SECONDS = 3;

  private final PeerConnection connection;
  private final PeerStream stream;
  private final ControlClient control;
  private List<String> told;
  private boolean telling;
  private List<String> toTell = List.of();

  DialledPeer(PeerConnection connection) {
    this.connection = connection;
    this.stream = connection.open();
    this.control = new ControlClient(stream::write);
  }

  @Override
  public PeerConnection connection() {
    return connection;
  }

  /** Done when the peer has answered. */
  Future<Void> start() {
    Future<Void> ready = control.start();
    stream.read(this);
    return ready;
  }

  /** As {@link ControlClient#turn}. */
  Future<Void> turn() {
    return control.turn();
  }

  Future<Void> ask(PeerMessage message) {
    return control.ask(message);
  }

  /** Tells which services this node exports, unless the peer knows. */
  void describe(List<String> services) {
    toTell = services;
    if (!telling && !services.equals(told)) {
      tell();
    }
  }

  private void tell() {
    telling = true;
    List<String> telt = toTell;
    UpdateNodeDescription list = UpdateNodeDescription.newBuilder().addAllServices(telt).build();
    control
        .ask(PeerMessage.newBuilder().setUpdateNodeDescription(list).build())
        .onComplete(
            done -> {
              telling = false;
              told = telt;
              describe(toTell);
            });
  }

  /** Closes the connection unless something comes back soon. */
  void probe() {
    long before = connection.received();
    if (!telling) {
      tell();
    }
    connection.later(
        PROBE_SECONDS,
        () -> {
          if (connection.received() == before) {
            connection.close("no answer since the node came back");
          }
        });
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    try {
      control.received(bytes);
    } catch (WeftException e) {
      connection.close(e.getMessage());
    }
  }

  void end(WeftException why) {
    control.end(why);
  }
}
