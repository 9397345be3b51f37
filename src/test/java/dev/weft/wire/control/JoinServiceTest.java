package dev.weft.wire.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.Message;
import dev.weft.room.RoomThread;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.testkit.PlainGrpc;
import dev.weft.wire.WireStatus;
import dev.weft.wire.proto.WireCreateResponse;
import dev.weft.wire.proto.WireDef;
import dev.weft.wire.proto.WireDownResponse;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls of programs of this host, over gRPC as they come. */
class JoinServiceTest {
  private static final String LOOPBACK = "127.0.0.1";

  private final Vertx vertx = Vertx.vertx();
  private final PlainGrpc client = new PlainGrpc(LOOPBACK);
  private final GrpcListener listener = new GrpcListener(vertx);
  private int port;

  /** Whose handlers have a defect. */
  private static final class DefectiveEnds implements ForeignEnds {
    @Override
    public Future<WireCreateResponse> onJoin(Caller caller, WireDef def) {
      throw new IllegalStateException("no lane");
    }

    @Override
    public Future<WireDownResponse> onDown(Caller caller, WireDef def) {
      throw new IllegalStateException("no lane");
    }

    @Override
    public Future<Void> open() {
      return Future.succeededFuture();
    }

    @Override
    public Stream<WireStatus> list() {
      return Stream.of();
    }

    @Override
    public int size() {
      return 0;
    }

    @Override
    public Optional<WireStatus> get(String id) {
      return Optional.empty();
    }

    @Override
    public void onLinkGone(int ifindex) {}

    @Override
    public Future<Void> close() {
      return Future.succeededFuture();
    }
  }

  @BeforeEach
  void listen() throws Exception {
    WireRoom room =
        new WireRoom(
            null,
            vertx,
            new RoomThread(vertx.getOrCreateContext()),
            null,
            null,
            null,
            null,
            List.of());
    new JoinService(room, id -> Optional.empty(), new DefectiveEnds()).addTo(listener);
    port = listener.listenLocally(LOOPBACK, 0).await(5, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() throws Exception {
    client.close();
    listener.close().await(5, TimeUnit.SECONDS);
    vertx.close().await(5, TimeUnit.SECONDS);
  }

  @Test
  void shouldAnswerAJoinWhoseHandlerThrows() {
    assertThat(statusOf("AddGRPCWireRemote", WireCreateResponse.getDefaultInstance()))
        .isEqualTo(GrpcStatus.INTERNAL);
  }

  @Test
  void shouldAnswerADownWhoseHandlerThrows() {
    assertThat(statusOf("GRPCWireDownRemote", WireDownResponse.getDefaultInstance()))
        .isEqualTo(GrpcStatus.INTERNAL);
  }

  private GrpcStatus statusOf(String method, Message response) {
    return PlainGrpc.statusOf(
        catchThrowable(
            () ->
                client.call(
                    LOOPBACK, port, "Remote/" + method, WireDef.getDefaultInstance(), response)));
  }
}
