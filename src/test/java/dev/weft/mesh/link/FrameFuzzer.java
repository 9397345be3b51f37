package dev.weft.mesh.link;

import com.google.protobuf.ByteString;
import dev.weft.mesh.proto.Introduction;
import dev.weft.mesh.proto.LinkControlFrame;
import dev.weft.mesh.proto.LinkControlMessage;
import dev.weft.mesh.proto.Route;
import dev.weft.mesh.proto.SetRoute;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.random.RandomGenerator;

/** Frames that nobody should send: garbage, replays, frames that were changed, and lies. */
final class FrameFuzzer {
  private final RandomGenerator random;
  private final long[] nodes;
  private final List<byte[]> genuine;
  private final FrameLabel label;

  /**
   * @param nodes ids that are known to the receiver; the sender first, the receiver second
   * @param genuine frames that were sent to the receiver, or by it
   */
  FrameFuzzer(RandomGenerator random, long[] nodes, List<byte[]> genuine) {
    this.random = random;
    this.nodes = nodes;
    this.genuine = genuine;
    label = new FrameLabel(nodes[0]);
    label.peer(nodes[1]);
  }

  ByteBuf frame() {
    return switch (random.nextInt(8)) {
      case 0 -> garbage(random.nextInt(60));
      case 1 -> garbage(random.nextInt(1500));
      case 2 -> replay();
      case 3 -> changed(replay());
      case 4, 5 -> control();
      case 6 -> changed(control());
      default -> message();
    };
  }

  private ByteBuf garbage(int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return Unpooled.wrappedBuffer(bytes);
  }

  private ByteBuf replay() {
    return Unpooled.copiedBuffer(genuine.get(random.nextInt(genuine.size())));
  }

  private ByteBuf changed(ByteBuf frame) {
    for (int i = random.nextInt(4); i >= 0 && frame.isReadable(); i--) {
      switch (random.nextInt(3)) {
        case 0 -> frame.setByte(random.nextInt(frame.readableBytes()), random.nextInt());
        case 1 -> frame.writerIndex(random.nextInt(frame.readableBytes()));
        default -> frame.setByte(frame.writerIndex() - 1, random.nextInt());
      }
    }
    return frame;
  }

  private ByteBuf control() {
    byte[] payload =
        switch (random.nextInt(4)) {
          case 0 -> LinkControlFrame.newBuilder().setAck(number()).build().toByteArray();
          case 1 -> message(LinkControlMessage.newBuilder().setIntroduction(introduction()));
          case 2 -> message(LinkControlMessage.newBuilder().setSetRoute(routes()));
          default -> message(LinkControlMessage.newBuilder());
        };
    return labelled(payload, label.control(random.nextBoolean()));
  }

  private byte[] message(LinkControlMessage.Builder message) {
    return LinkControlFrame.newBuilder()
        .setMessage(message.setSequence(number()))
        .build()
        .toByteArray();
  }

  private Introduction introduction() {
    return Introduction.newBuilder()
        .setVersion(random.nextInt(3))
        .setNode(node())
        .setFingerprint(
            random.nextBoolean()
                ? ByteString.copyFrom(SimulatedLink.fingerprint(node()))
                : ByteString.copyFromUtf8("x"))
        .setSeenFrom(random.nextBoolean() ? "192.0.2.7:1" : "\u001b[2Jx".repeat(100))
        .build();
  }

  private SetRoute routes() {
    SetRoute.Builder routes = SetRoute.newBuilder().setIsEnd(random.nextBoolean());
    for (int i = random.nextInt(40); i > 0; i--) {
      Route.Builder route = Route.newBuilder().setDestination(node()).setRttUs(number());
      for (int hops = random.nextInt(4); hops > 0; hops--) {
        route.addHops(node());
      }
      routes.addRoutes(route);
    }
    if (random.nextBoolean()) {
      routes.setChanges(true).addGone(node()).addGone(number());
    }
    return routes.build();
  }

  private ByteBuf message() {
    byte[] payload = new byte[random.nextInt(100)];
    random.nextBytes(payload);
    return labelled(payload, label.message(node(), node()));
  }

  private ByteBuf labelled(byte[] payload, FrameLabel of) {
    if (random.nextInt(3) == 0) {
      of.ping(number());
    }
    if (random.nextInt(3) == 0) {
      of.pong(number(), number());
    }
    if (random.nextInt(5) == 0) {
      of.debugToken(number());
    }
    ByteBuf frame = Unpooled.buffer(payload.length + FrameLabel.MAX_LABEL).writeBytes(payload);
    of.write(frame);
    return frame;
  }

  private long node() {
    int which = random.nextInt(nodes.length + 1);
    return which < nodes.length ? nodes[which] : random.nextLong();
  }

  private long number() {
    return switch (random.nextInt(6)) {
      case 0 -> 0;
      case 1 -> -1;
      case 2 -> Long.MAX_VALUE;
      case 3 -> Long.MIN_VALUE;
      case 4 -> random.nextInt(10);
      default -> random.nextLong();
    };
  }
}
