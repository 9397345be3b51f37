package dev.weft.rpc;

import dev.weft.bus.Fault;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;

/** A client-streaming call that came in: the bytes of its framed messages. For one event loop. */
public interface InStream {
  /** Who sends. */
  Caller caller();

  /** Hands everything from the stream's first byte on to a reader; called once. */
  void read(Reader reader);

  /** Answers with one message, without its prefix, and status OK. */
  void end(Buffer message);

  /** Ends the call with a status; what still comes in is dropped. */
  void refuse(Fault fault, String why);

  /** Drops what still comes: the stream goes on elsewhere, after a loss. Its reader is told. */
  void abandon();

  /** Reads a stream. */
  interface Reader {
    /** More of the stream; the buffer is the caller's and valid only during the call. */
    void onData(ByteBuf data);

    /** All data that was read is handed over, or data of another stream follows. */
    void onPause();

    /** The sender finished. */
    void onEnd();

    /** The sender or the connection broke the stream off. */
    void onFailed(Throwable why);
  }
}
