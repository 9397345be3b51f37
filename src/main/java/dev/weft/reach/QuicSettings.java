package dev.weft.reach;

import dev.weft.address.HostPort;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.EpollQuicUtils;
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

/** How this node speaks QUIC, at both ends: datagrams alone, no streams. */
final class QuicSettings {
  /** A connection on which nothing arrives for so long is gone. */
  static final int IDLE_SECONDS = 10;

  /**
   * The longest UDP payload: a QUIC datagram of 1,400 bytes in it leaves 44 for the header, with
   * the longest connection id there may be, and the tag. With IPv6 it needs an MTU of 1,492.
   */
  static final int MAX_PAYLOAD = 1444;

  /** The longest UDP payload that is taken: the sockets' buffers are of this size. */
  static final int MAX_RECEIVED = 2048;

  /** The engine of a connection that this side dials: who is dialled, and what trusts him. */
  static final AttributeKey<QuicSslEngine> ENGINE = AttributeKey.valueOf("weft.reach.engine");

  private static final String PEER = "weft.reach.peer";

  // Frames that QUIC's congestion control holds back: 700 KB, 6 ms at 1 Gbit/s.
  private static final int QUEUED = 512;
  private static final int MAX_SEGMENTS = 32;

  private final Identity identity;
  private final String protocol;
  private final SegmentedDatagramPacketAllocator segments =
      EpollQuicUtils.newSegmentedAllocator(MAX_SEGMENTS);

  /**
   * @param protocol for ALPN; who speaks none of that name is refused
   */
  QuicSettings(Identity identity, String protocol) {
    this.identity = identity;
    this.protocol = protocol;
  }

  SegmentedDatagramPacketAllocator segments() {
    return segments;
  }

  /**
   * TLS of a connection to dial.
   *
   * @param expected who must answer; empty for any node
   * @param refused told why the other end's certificate is refused
   */
  QuicSslContext client(Optional<NodeId> expected, BiConsumer<SSLEngine, String> refused) {
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
   * @param refused told why a certificate is refused; {@link #peer} says whose
   */
  QuicSslContext server(BiConsumer<SSLEngine, String> refused) {
    return QuicSslContextBuilder.forServer(identity.keyManager(), null)
        .trustManager(new LinkTrust(identity, Optional.empty(), refused))
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
        .streamHandler(new ChannelInboundHandlerAdapter())
        .build();
  }

  private static QuicSslEngine named(QuicSslContext tls, QuicChannel channel) {
    QuicSslEngine engine = tls.newEngine(channel.alloc());
    engine
        .getSession()
        .putValue(PEER, HostPort.of((InetSocketAddress) channel.remoteSocketAddress()).toString());
    return engine;
  }

  /** Where a connection that is accepted comes from. */
  static Object peer(SSLEngine accepted) {
    return accepted.getSession().getValue(PEER);
  }

  private static <B extends QuicCodecBuilder<B>> B common(
      B builder, Function<QuicChannel, QuicSslEngine> engine) {
    return builder
        .sslEngineProvider(engine)
        .localConnectionIdLength(ConnectionIds.LENGTH)
        .maxIdleTimeout(IDLE_SECONDS, TimeUnit.SECONDS)
        .maxSendUdpPayloadSize(MAX_PAYLOAD)
        .maxRecvUdpPayloadSize(MAX_RECEIVED)
        // quiche's own discovery never learns that a path got worse; a link probes.
        .discoverPmtu(false)
        .activeMigration(false)
        // Loss on a radio path is no congestion. With 5 % of it CUBIC sends almost nothing.
        .congestionControlAlgorithm(QuicCongestionControlAlgorithm.BBR)
        .datagram(QUEUED, QUEUED);
  }
}
