package dev.weft.mesh.stream;

import com.google.protobuf.ByteString;
import dev.weft.mesh.proto.AckTransfer;
import dev.weft.mesh.proto.BeginTransfer;
import dev.weft.mesh.proto.EndOfData;
import dev.weft.mesh.proto.Shutdown;
import dev.weft.mesh.proto.SignalUpdate;
import dev.weft.mesh.proto.StreamControl;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

/** The frames that are not Data, ready to be sent. */
final class SmallFrames {
  /** The longest reason that another node is told, characters. */
  private static final int MAX_REASON = 500;

  private SmallFrames() {}

  /** The first of whoever opened the stream. */
  static ByteBuf hello() {
    return StreamFrames.begin(PooledByteBufAllocator.DEFAULT, StreamFrames.Type.HELLO, 0, 0);
  }

  /** The first of whoever accepts the stream. */
  static ByteBuf accepted() {
    return signal(SignalUpdate.getDefaultInstance());
  }

  static ByteBuf signal(SignalUpdate update) {
    return StreamFrames.frame(StreamFrames.Type.SIGNAL, update);
  }

  static ByteBuf begin(long destination, ByteString key) {
    return control(
        StreamControl.newBuilder()
            .setBeginTransfer(
                BeginTransfer.newBuilder().setNewDestination(destination).setTransferKey(key)));
  }

  static ByteBuf acknowledge() {
    return control(StreamControl.newBuilder().setAckTransfer(AckTransfer.getDefaultInstance()));
  }

  static ByteBuf endOfData() {
    return control(StreamControl.newBuilder().setEndOfData(EndOfData.getDefaultInstance()));
  }

  /**
   * The last of a stream.
   *
   * @param reason empty if nothing went wrong
   */
  static ByteBuf shutdown(String reason) {
    String error = reason.length() > MAX_REASON ? reason.substring(0, MAX_REASON) : reason;
    return control(StreamControl.newBuilder().setShutdown(Shutdown.newBuilder().setError(error)));
  }

  private static ByteBuf control(StreamControl.Builder control) {
    return StreamFrames.frame(StreamFrames.Type.CONTROL, control.build());
  }
}
