package dev.weft.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WritabilityRecheckTest {
  private static final int USER = 1;

  private final Http2Connection connection = new DefaultHttp2Connection(false);
  private final List<Boolean> told = new ArrayList<>();
  private EmbeddedChannel channel;
  private Http2RemoteFlowController flow;
  private Http2Stream stream;

  @BeforeEach
  void open() throws Http2Exception {
    Http2ConnectionHandler http =
        new Http2ConnectionHandlerBuilder()
            .connection(connection)
            .frameListener(new Http2FrameAdapter())
            .build();
    channel = new EmbeddedChannel(http);
    channel.freezeTime();
    flow = http.encoder().flowController();
    flow.listener(s -> told.add(flow.isWritable(s)));
    WritabilityRecheck.add(channel.pipeline());
    stream = connection.local().createStream(3, false);
    // From here on it knows the channel.
    full(true);
    channel.runPendingTasks();
    full(false);
    channel.runPendingTasks();
    told.clear();
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  private void full(boolean full) {
    ChannelOutboundBuffer out = channel.unsafe().outboundBuffer();
    // Its event comes with the loop's next turn, as that of bytes in TLS.
    out.setUserDefinedWritability(USER, !full);
  }

  @Test
  void shouldTellAStreamThatItMayWriteThoughTheChannelWasFullOnlyBetweenTwoTurns()
      throws Http2Exception {
    full(true);
    flow.incrementWindowSize(stream, 1000);
    assertThat(told).containsExactly(false);
    full(false);

    channel.runPendingTasks();
    channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
    channel.runScheduledPendingTasks();

    assertThat(told).containsExactly(false, true);
  }

  @Test
  void shouldTellNothingTwice() {
    full(true);
    channel.runPendingTasks();
    full(false);
    channel.runPendingTasks();
    full(true);
    full(false);
    channel.runPendingTasks();
    channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
    channel.runScheduledPendingTasks();

    assertThat(told).containsExactly(false, true);
  }
}
