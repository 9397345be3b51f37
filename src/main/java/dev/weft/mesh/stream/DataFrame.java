package dev.weft.mesh.stream;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import dev.weft.bus.Fault;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.proto.ObjectRef;
import dev.weft.mesh.proto.ProxiedMessage;
import dev.weft.rpc.Buffers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.List;

/** What a message is in a Data frame: of a channel a ProxiedMessage, of a socket the bare bytes. */
final class DataFrame {
  /** Beside its bytes, what an object of a message may take. */
  private static final int OBJECT = 96;

  private DataFrame() {}

  /** The longest payload, bytes. */
  static int max(ObjectKind kind) {
    return switch (kind) {
      case CHANNEL -> ChannelMessage.MAX_BYTES + OBJECT * (ChannelMessage.MAX_OBJECTS + 1);
      case STREAM_SOCKET, DATAGRAM_SOCKET -> ChannelMessage.MAX_BYTES;
      default -> 0;
    };
  }

  static ByteBuf of(ObjectKind kind, Buffer bytes, List<ObjectRef> objects) {
    if (kind == ObjectKind.CHANNEL) {
      ProxiedMessage message =
          ProxiedMessage.newBuilder()
              .setBytes(ByteString.copyFrom(Buffers.view(bytes).nioBuffer()))
              .addAllObjects(objects)
              .build();
      return StreamFrames.frame(StreamFrames.Type.DATA, message);
    }
    return ofBytes(Buffers.view(bytes));
  }

  /** QUIC takes direct buffers only, so others are copied here, behind the header, once. */
  private static ByteBuf ofBytes(ByteBuf bytes) {
    int length = bytes.readableBytes();
    ByteBufAllocator pool = PooledByteBufAllocator.DEFAULT;
    StreamFrames.Type type = StreamFrames.Type.DATA;
    if (bytes.isDirect()) {
      return Unpooled.wrappedBuffer(StreamFrames.begin(pool, type, length, 0), bytes);
    }
    return StreamFrames.begin(pool, type, length, length).writeBytes(bytes);
  }

  /**
   * Reads a channel's message; its objects are still to be taken.
   *
   * @throws dev.weft.bus.WeftException INVALID
   */
  static ProxiedMessage read(ByteBuf payload) {
    byte[] copy = new byte[payload.readableBytes()];
    payload.readBytes(copy);
    CodedInputStream input = CodedInputStream.newInstance(copy);
    input.enableAliasing(true);
    ProxiedMessage message;
    try {
      message = ProxiedMessage.parseFrom(input);
    } catch (IOException e) {
      throw Fault.invalid("Data frame", copy.length + " bytes", "a channel's message");
    }
    if (message.getBytes().size() > ChannelMessage.MAX_BYTES) {
      throw Fault.invalid(
          "message", message.getBytes().size() + " bytes", "at most " + ChannelMessage.MAX_BYTES);
    }
    if (message.getObjectsCount() > ChannelMessage.MAX_OBJECTS) {
      throw Fault.invalid(
          "message",
          message.getObjectsCount() + " objects",
          "at most " + ChannelMessage.MAX_OBJECTS);
    }
    return message;
  }
}
