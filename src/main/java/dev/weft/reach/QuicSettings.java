package dev.weft.reach;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.quic.EpollQuicUtils;
import io.netty.handler.codec.quic.Quic;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.QuicCongestionControlAlgorithm;
import io.netty.handler.codec.quic.QuicConnectionIdGenerator;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicSslEngine;
import io.netty.handler.codec.quic.QuicTokenHandler;
import io.netty.handler.codec.quic.SegmentedDatagramPacketAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Function;
import javax.net.ssl.SSLEngine;

/** How this node speaks QUIC, at both ends. */
final class QuicSettings {
  /** A connection on which nothing arrives for so long is gone. */
  static final int IDLE_SECONDS = 10;

  /**
   * The longest payload over UDP: a QUIC datagram of 1,400 bytes in it leaves 44 for the header,
   * with the longest connection id there may be, and the tag. With IPv6 it needs an MTU of 1,492.
   */
  static final int MAX_PAYLOAD = 1444;

  /** The longest UDP payload that is taken: the sockets' buffers are of this size. */
  static final int MAX_RECEIVED = 2048;

  /** Loss on a radio path is no congestion. With 5 % of it CUBIC sends almost nothing. */
  static final QuicCongestionControlAlgorithm CONGESTION = QuicCongestionControlAlgorithm.BBR;

  /** The engine of a connection that this side dials: who is dialled, and what trusts him. */
  static final AttributeKey<QuicSslEngine> ENGINE = AttributeKey.valueOf("weft.reach.engine");

  private static final String PEER = "weft.reach.peer";

  private static final int MAX_SEGMENTS = 32;

  /** What connections carry, and over what. */
  enum Traffic {
    /** QUIC datagrams over UDP, no streams. */
    DATAGRAMS {
      // Frames that QUIC's congestion control holds back: 700 KB, 6 ms at 1 Gbit/s.
      private static final int QUEUED = 512;

      @Override
      <B extends QuicCodecBuilder<B>> B limit(B builder) {
        return builder.maxSendUdpPayloadSize(MAX_PAYLOAD).datagram(QUEUED, QUEUED);
      }

      @Override
      SegmentedDatagramPacketAllocator segments() {
        return EpollQuicUtils.newSegmentedAllocator(MAX_SEGMENTS);
      }

      @Override
      Object peer(QuicChannel accepted) {
        return HostPort.of((InetSocketAddress) accepted.remoteSocketAddress()).toString();
      }
    },

    /** Streams, over whatever leads to a node. */
    STREAMS {
      // What may be sent before it is read; quiche lets both grow to at most 16 and 24 MiB where
      // the way is long and the reader quick.
      private static final int STREAM_WINDOW = 1 << 20;
      private static final int CONNECTION_WINDOW = 8 << 20;
      private static final int MAX_STREAMS = 8192;
      private static final int MAX_ONE_WAY = 1024;
      // Only to show that a connection lives.
      private static final int QUEUED = 4;

      @Override
      <B extends QuicCodecBuilder<B>> B limit(B builder) {
        return builder
            .maxSendUdpPayloadSize(PeerPort.MAX_DATAGRAM)
            .initialMaxData(CONNECTION_WINDOW)
            .initialMaxStreamDataBidirectionalLocal(STREAM_WINDOW)
            .initialMaxStreamDataBidirectionalRemote(STREAM_WINDOW)
            .initialMaxStreamDataUnidirectional(STREAM_WINDOW)
            .initialMaxStreamsBidirectional(MAX_STREAMS)
            .initialMaxStreamsUnidirectional(MAX_ONE_WAY)
            .datagram(QUEUED, QUEUED);
      }

      @Override
      SegmentedDatagramPacketAllocator segments() {
        return SegmentedDatagramPacketAllocator.NONE;
      }

      @Override
      Object peer(QuicChannel accepted) {
        return PeerPort.nodeOf(accepted);
      }
    };

    abstract <B extends QuicCodecBuilder<B>> B limit(B builder);

    abstract SegmentedDatagramPacketAllocator segments();

    /** Who dials, as far as the datagrams tell: a {@link NodeId} or an address. */
    abstract Object peer(QuicChannel accepted);
  }

  private final Identity identity;
  private final Traffic traffic;
  private final QuicCongestionControlAlgorithm congestion;
  private final SegmentedDatagramPacketAllocator segments;

  QuicSettings(Identity identity, Traffic traffic, QuicCongestionControlAlgorithm congestion) {
    this.identity = identity;
    this.traffic = traffic;
    this.congestion = congestion;
    this.segments = traffic.segments();
  }

  /** Takes some 100 ms the first time. */
  static void loadLibrary() {
    if (!Quic.isAvailable()) {
      Throwable cause = Quic.unavailabilityCause();
      throw Fault.UNAVAILABLE.because("the QUIC library cannot be loaded: " + cause, cause);
    }
  }

  SegmentedDatagramPacketAllocator segments() {
    return segments;
  }

  /**
   * TLS of a connection to dial.
   *
   * @param protocol for ALPN; who speaks none of that name is refused
   * @param expected who must answer; empty for any node
   * @param refused told why the other end's certificate is refused
   */
  QuicSslContext client(
      String protocol, Optional<NodeId> expected, BiConsumer<SSLEngine, String> refused) {
    return QuicSslContextBuilder.forClient()
        .keyManager(identity.keyManager(), null)
        .trustManager(new LinkTrust(identity, expected, refused))
        // The trust manager knows ids, and names are none of its business.
        .endpointIdentificationAlgorithm(null)
        .applicationProtocols(protocol)
        .earlyData(false)
        .build();
  }

  /**
   * TLS of connections that others dial.
   *
   * @param protocol for ALPN; who speaks none of that name is refused
   * @param refused told why a certificate is refused; {@link #peer} says whose
   */
  QuicSslContext server(String protocol, BiConsumer<SSLEngine, String> refused) {
    return QuicSslContextBuilder.forServer(identity.keyManager(), null)
        .trustManager(new LinkTrust(identity, QuicSettings::expected, refused))
        .clientAuth(ClientAuth.REQUIRE)
        .applicationProtocols(protocol)
        .earlyData(false)
        .build();
  }

  ChannelHandler dialling() {
    return common(new QuicClientCodecBuilder(), channel -> channel.attr(ENGINE).get()).build();
  }

  /**
   * @param tls one for all sockets of the port
   * @param tokens for those who dial while many do
   * @param each readies a connection
   */
  ChannelHandler accepting(
      QuicSslContext tls,
      QuicConnectionIdGenerator ids,
      QuicTokenHandler tokens,
      ChannelHandler each) {
    return common(new QuicServerCodecBuilder(), channel -> named(tls, channel))
        .connectionIdAddressGenerator(ids)
        .tokenHandler(tokens)
        .option(QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR, segments)
        .handler(each)
        .streamHandler(new UnhandledStream())
        .build();
  }

  private QuicSslEngine named(QuicSslContext tls, QuicChannel channel) {
    QuicSslEngine engine = tls.newEngine(channel.alloc());
    engine.getSession().putValue(PEER, traffic.peer(channel));
    return engine;
  }

  private static Optional<NodeId> expected(SSLEngine accepted) {
    return peer(accepted) instanceof NodeId id ? Optional.of(id) : Optional.empty();
  }

  /** Where a connection that is accepted comes from: a node or an address. */
  static Object peer(SSLEngine accepted) {
    return accepted.getSession().getValue(PEER);
  }

  private <B extends QuicCodecBuilder<B>> B common(
      B builder, Function<QuicChannel, QuicSslEngine> engine) {
    return traffic
        .limit(builder)
        .sslEngineProvider(engine)
        .localConnectionIdLength(ConnectionIds.LENGTH)
        .maxIdleTimeout(IDLE_SECONDS, TimeUnit.SECONDS)
        .maxRecvUdpPayloadSize(MAX_RECEIVED)
        // quiche's own discovery never learns that a path got worse; a link probes.
        .discoverPmtu(false)
        .activeMigration(false)
        .congestionControlAlgorithm(congestion);
  }
}
