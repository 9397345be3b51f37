package dev.weft.linux;

import static dev.weft.linux.LibC.C;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Sends requests over NETLINK_ROUTE or NETLINK_GENERIC and reads their answers, one exchange at a
 * time.
 */
final class NetlinkSocket implements AutoCloseable {
  private static final int NETLINK_ROUTE = 0;
  private static final int NETLINK_GENERIC = 16;
  private static final int SOL_NETLINK = 270;
  private static final int NETLINK_CAP_ACK = 10;
  private static final int NETLINK_EXT_ACK = 11;
  private static final int NETLINK_GET_STRICT_CHK = 12;

  /** The kernel builds a dump in parts of at most 32 KiB. */
  private static final int IN_BYTES = 32 << 10;

  /** A batch of routes of both families. */
  private static final int OUT_BYTES = 16 << 10;

  /** Room for the errors of a whole batch, which come all at once. */
  private static final int RECEIVE_QUEUE_BYTES = 1 << 20;

  private static final int BATCH_MESSAGES = 256;
  private static final int ANSWER_SECONDS = 10;
  private static final int DUMP_ATTEMPTS = 16;

  private final NativeSocket socket;
  private final ByteBuffer out = buffer(OUT_BYTES);
  private final ByteBuffer in = buffer(IN_BYTES);
  private final long outAddress = LibC.address(out);
  private final long inAddress = LibC.address(in);
  private int sequence;

  private NetlinkSocket(NativeSocket socket) {
    this.socket = socket;
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Opens a socket in the calling thread's namespace, for use by any thread. */
  static NetlinkSocket open() throws LinuxException {
    return open(NETLINK_ROUTE);
  }

  /** As {@link #open()}, for generic netlink. */
  static NetlinkSocket openGeneric() throws LinuxException {
    return open(NETLINK_GENERIC);
  }

  private static NetlinkSocket open(int protocol) throws LinuxException {
    NativeSocket socket =
        NativeSocket.open(NativeSocket.AF_NETLINK, NativeSocket.SOCK_RAW, protocol, "netlink");
    try {
      socket.receiveBuffer(RECEIVE_QUEUE_BYTES);
      socket.receiveTimeout(ANSWER_SECONDS);
      socket.set(SOL_NETLINK, NETLINK_CAP_ACK, 1);
      socket.set(SOL_NETLINK, NETLINK_EXT_ACK, 1);
      socket.set(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
      socket.bind(SocketAddresses.netlink(0));
      return new NetlinkSocket(socket);
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
  }

  long netnsCookie() throws LinuxException {
    return socket.netnsCookie();
  }

  /** Sends one request and awaits its acknowledgement. */
  void request(NetlinkMessage message, String what) throws LinuxException {
    exchange(message, what, answer -> answer);
  }

  /**
   * Sends one request and decodes each answer to it.
   *
   * @param decoder gets a buffer from the family's header to the message's end, valid within the
   *     call; answers for which it returns null are left out
   */
  synchronized <T> List<T> exchange(
      NetlinkMessage message, String what, Function<ByteBuffer, T> decoder) throws LinuxException {
    for (int attempt = 1; ; attempt++) {
      List<T> answers = new ArrayList<>();
      int wanted = ++sequence;
      out.clear();
      message.writeTo(out, wanted, !message.isDump());
      send(what);
      boolean interrupted = receive(wanted, answers, decoder, what);
      if (!interrupted) {
        return answers;
      }
      if (attempt == DUMP_ATTEMPTS) {
        throw new LinuxException(
            what, Errno.EINTR.number(), "changed during each of " + DUMP_ATTEMPTS + " dumps");
      }
    }
  }

  /** Whether the kernel says that a dump is inconsistent, because the table changed meanwhile. */
  private <T> boolean receive(
      int wanted, List<T> answers, Function<ByteBuffer, T> decoder, String what)
      throws LinuxException {
    boolean interrupted = false;
    while (true) {
      receivePart(what);
      while (in.remaining() >= NetlinkMessage.HEADER) {
        NetlinkAnswer answer = NetlinkAnswer.next(in);
        if (answer.sequence() != wanted) {
          continue;
        }
        interrupted |= answer.isInterrupted();
        if (answer.ends()) {
          answer.check(what);
          return interrupted;
        }
        T decoded = decoder.apply(answer.body());
        if (decoded != null) {
          answers.add(decoded);
        }
      }
    }
  }

  /**
   * Sends many requests, as many in one write as fit. One that fails stops no other.
   *
   * @return failures by the request's place in the list
   */
  synchronized Map<Integer, LinuxException> batch(
      List<NetlinkMessage> messages, IntFunction<String> what) throws LinuxException {
    Map<Integer, LinuxException> failures = new HashMap<>();
    int from = 0;
    while (from < messages.size()) {
      from = batchPart(messages, from, what, failures);
    }
    return failures;
  }

  private int batchPart(
      List<NetlinkMessage> messages,
      int from,
      IntFunction<String> what,
      Map<Integer, LinuxException> failures)
      throws LinuxException {
    int base = sequence + 1;
    int to = from;
    int room = OUT_BYTES;
    while (to < messages.size()
        && to - from < BATCH_MESSAGES
        && NetlinkMessage.aligned(messages.get(to).length()) <= room) {
      room -= NetlinkMessage.aligned(messages.get(to++).length());
    }
    out.clear();
    for (int i = from; i < to; i++) {
      // The kernel always reports errors; the last request's acknowledgement ends the batch.
      messages.get(i).writeTo(out, ++sequence, i == to - 1);
      out.position(NetlinkMessage.aligned(out.position()));
    }
    send("netlink batch");
    while (true) {
      receivePart("netlink batch");
      while (in.remaining() >= NetlinkMessage.HEADER) {
        NetlinkAnswer answer = NetlinkAnswer.next(in);
        int place = from + answer.sequence() - base;
        if (place < from || place >= to || !answer.ends()) {
          continue;
        }
        try {
          answer.check(what.apply(place));
        } catch (LinuxException e) {
          failures.put(place, e);
        }
        if (place == to - 1) {
          return to;
        }
      }
    }
  }

  private void send(String what) throws LinuxException {
    while (C.send(socket.fd(), outAddress, out.position(), 0) < 0) {
      if (!Errno.EINTR.is(LibC.errno())) {
        throw new LinuxException(what, LibC.errno(), "");
      }
    }
  }

  private void receivePart(String what) throws LinuxException {
    long length;
    while ((length = C.recv(socket.fd(), inAddress, IN_BYTES, LibC.MSG_TRUNC)) < 0) {
      int errno = LibC.errno();
      if (Errno.EAGAIN.is(errno)) {
        throw new LinuxException(what, Errno.ETIMEDOUT.number(), ANSWER_SECONDS + " s");
      }
      if (!Errno.EINTR.is(errno)) {
        throw new LinuxException(what, errno, "");
      }
    }
    if (length > IN_BYTES) {
      throw new LinuxException(what, Errno.EMSGSIZE.number(), "answer of " + length + " bytes");
    }
    in.clear().limit((int) length);
  }

  @Override
  public void close() {
    socket.close();
  }
}
