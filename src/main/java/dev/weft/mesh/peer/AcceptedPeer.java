package dev.weft.mesh.peer;

import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.PeerMessage;
import dev.weft.mesh.stream.PeerStream;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * A peer's own connection to this node: here it asks, and this node answers. On the mesh's loop.
 */
final class AcceptedPeer {
  private final PeerConnection connection;
  private final BiFunction<AcceptedPeer, PeerMessage, Future<Void>> work;
  private Optional<Control> control = Optional.empty();
  private List<String> services = List.of();

  /**
   * @param work does what a message asks for
   */
  AcceptedPeer(
      PeerConnection connection, BiFunction<AcceptedPeer, PeerMessage, Future<Void>> work) {
    this.connection = connection;
    this.work = work;
  }

  PeerConnection connection() {
    return connection;
  }

  /** What the peer says that it exports. */
  List<String> services() {
    return services;
  }

  void services(List<String> all) {
    services = all;
  }

  /** The control stream has arrived. */
  void control(PeerStream stream) {
    control = Optional.of(new Control(stream));
    control.get().start();
  }

  /** Whether it has arrived. */
  boolean begun() {
    return control.isPresent();
  }

  void end() {
    control.ifPresent(c -> c.server.end());
  }

  private final class Control implements ControlStream {
    private final PeerStream stream;
    private final ControlServer server;
    private boolean blocked;

    Control(PeerStream stream) {
      this.stream = stream;
      this.server =
          new ControlServer(
              this::send, message -> work.apply(AcceptedPeer.this, message), this::readOn);
    }

    @Override
    public PeerConnection connection() {
      return connection;
    }

    void start() {
      server.start();
      stream.read(this);
    }

    private void send(ByteBuf bytes) {
      // Who does not read the replies gets none to further messages.
      if (!stream.write(bytes)) {
        blocked = true;
        stream.pause();
      }
    }

    private void readOn() {
      if (!blocked && !server.full()) {
        stream.resume();
      }
    }

    @Override
    public void onBytes(ByteBuf bytes) {
      try {
        server.received(bytes);
      } catch (WeftException e) {
        connection.close(e.getMessage());
        return;
      }
      if (server.full()) {
        stream.pause();
      }
    }

    @Override
    public void onWritable() {
      blocked = false;
      readOn();
    }
  }
}
