package dev.weft.wire.meshnet;

import dev.weft.bus.Fault;
import dev.weft.dial.MeshnetDial;
import dev.weft.rpc.OutStream;
import dev.weft.rpc.RpcConnection;
import dev.weft.wire.path.FrameReceiver;
import dev.weft.wire.path.FrameSink;
import dev.weft.wire.path.Lane;
import dev.weft.wire.path.PacketWriter;
import dev.weft.wire.path.TrafficCounter;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A lane's connections to foreign meshnet daemons, each kept while a wire uses it. Each connection
 * first asks the daemon whether it has {@code SendToStream}: without the method, frames that are
 * written to a stream would be lost.
 */
final class MeshnetLane {
  private static final Duration ASK_DEADLINE = Duration.ofSeconds(3);

  private final Lane lane;
  private final MeshnetDial dial;
  private final Map<String, Future<Daemon>> daemons = new HashMap<>();

  MeshnetLane(Lane lane, MeshnetDial dial) {
    this.lane = lane;
    this.dial = dial;
  }

  /** A connection to a daemon, and the number of wires that use it. */
  private static final class Daemon {
    private final RpcConnection connection;
    private final boolean hasStreams;
    private int users;

    Daemon(RpcConnection connection, boolean hasStreams) {
      this.connection = connection;
      this.hasStreams = hasStreams;
    }

    Future<OutStream> open(TrafficCounter sent) {
      users++;
      Future<OutStream> opened =
          hasStreams
              ? connection.stream(FrameReceiver.STREAM, Optional.empty())
              : Future.succeededFuture(once(sent));
      return opened
          .onSuccess(stream -> stream.ended().onComplete(done -> leave()))
          .onFailure(e -> leave());
    }

    private OnceStream once(TrafficCounter sent) {
      OnceStream stream = new OnceStream(connection, sent);
      connection
          .lost()
          .onComplete(
              v -> stream.fail(Fault.UNAVAILABLE.because("connection to the daemon was lost")));
      return stream;
    }

    private void leave() {
      if (--users == 0) {
        connection.close();
      }
    }
  }

  Lane lane() {
    return lane;
  }

  /**
   * Opens a stream for a wire's frames; any thread may call.
   *
   * @param sent counts frames that the daemon refused as dropped
   */
  Future<FrameSink> open(String address, PacketWriter writer, TrafficCounter sent) {
    return lane.loop()
        .call(
            () ->
                daemon(address)
                    .compose(daemon -> daemon.open(sent))
                    .map(stream -> new FrameSink(writer, stream)));
  }

  private Future<Daemon> daemon(String address) {
    Future<Daemon> known = daemons.get(address);
    if (known != null) {
      return known;
    }
    Future<Daemon> made = dial.connect(address, lane.loop()).compose(this::ask);
    daemons.put(address, made);
    made.onFailure(e -> daemons.remove(address, made))
        .onSuccess(d -> d.connection.lost().onComplete(v -> daemons.remove(address, made)));
    return made;
  }

  private Future<Daemon> ask(RpcConnection connection) {
    return connection
        .serves(FrameReceiver.STREAM, ASK_DEADLINE)
        .map(hasStreams -> new Daemon(connection, hasStreams))
        .onFailure(e -> connection.close());
  }
}
