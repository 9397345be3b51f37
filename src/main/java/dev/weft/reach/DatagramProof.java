package dev.weft.reach;

import dev.weft.bus.WeftException;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * Looks once more whether who dialled is who the datagrams come from: a session that was resumed
 * brings its certificate along unchecked.
 */
final class DatagramProof extends ChannelInboundHandlerAdapter {
  private final Identity identity;

  DatagramProof(Identity identity) {
    this.identity = identity;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    QuicChannel channel = (QuicChannel) ctx.channel();
    NodeId source = PeerPort.nodeOf(channel);
    String why;
    try {
      byte[] shown = channel.sslEngine().getSession().getPeerCertificates()[0].getEncoded();
      NodeId proven = identity.verifier().verify(shown);
      why =
          proven.equals(source)
              ? ""
              : "node id " + proven + " (expected: " + source + ", whose datagrams these are)";
    } catch (WeftException | CertificateException | SSLPeerUnverifiedException e) {
      why = e.getMessage();
    }
    if (why.isEmpty()) {
      ctx.pipeline().remove(this);
      ctx.fireChannelActive();
    } else {
      var unused = channel.close(true, 0, Unpooled.copiedBuffer(why, StandardCharsets.UTF_8));
    }
  }
}
