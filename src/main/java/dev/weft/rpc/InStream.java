package dev.weft.rpc;

import dev.weft.bus.Fault;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;

/** A client-streaming call that came in, framed messages as they arrive; on its own event loop. */
public interface InStream {
  /** Who sends. */
  Caller caller();

  /** Gives everything from the stream's first byte on to a reader; called once. */
  void read(Reader reader);

  /** Answers with one message, without its prefix, and status OK. */
  void end(Buffer message);

  /** Ends the call with a status; what still comes in is dropped. */
  void refuse(Fault fault, String why);

  /** Who reads a stream. */
  interface Reader {
    /** More of the stream; the buffer is the caller's and valid only during the call. */
    void onData(ByteBuf data);

    /** All that the connection held was given; also called before another stream's data is. */
    void onPause();

    /** The sender finished. */
    void onEnd();

    /** The stream broke off. */
    void onFailed(Throwable why);
  }
}
