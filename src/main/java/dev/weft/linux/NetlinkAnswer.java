package dev.weft.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One received netlink message.
 *
 * @param body after {@code nlmsghdr}; valid until the next receive
 */
record NetlinkAnswer(int type, int flags, int sequence, ByteBuffer body) {
  private static final int NLMSG_ERROR = 2;
  private static final int NLMSG_DONE = 3;
  private static final int NLM_F_DUMP_INTR = 0x10;
  private static final int NLM_F_CAPPED = 0x100;
  private static final int NLM_F_ACK_TLVS = 0x200;
  private static final int NLMSGERR_ATTR_MSG = 1;

  /** Takes the next message; the buffer must have at least a header left. */
  static NetlinkAnswer next(ByteBuffer in) {
    int at = in.position();
    int length = Math.max(NetlinkMessage.HEADER, in.getInt(at));
    int end = Math.min(in.limit(), at + length);
    ByteBuffer body =
        in.slice(at + NetlinkMessage.HEADER, end - at - NetlinkMessage.HEADER)
            .order(ByteOrder.LITTLE_ENDIAN);
    in.position(Math.min(in.limit(), NetlinkMessage.aligned(end)));
    return new NetlinkAnswer(in.getShort(at + 4), in.getShort(at + 6), in.getInt(at + 8), body);
  }

  /** Whether this is the last answer to its request. */
  boolean ends() {
    return type == NLMSG_ERROR || type == NLMSG_DONE;
  }

  /** Whether this is part of an inconsistent dump: the table changed meanwhile. */
  boolean isInterrupted() {
    return (flags & NLM_F_DUMP_INTR) != 0;
  }

  /** Throws if this last answer says that the request failed. */
  void check(String what) throws LinuxException {
    int error = body.remaining() >= 4 ? -body.getInt(0) : 0;
    if (error != 0) {
      throw new LinuxException(what, error, explanation());
    }
  }

  private String explanation() {
    int after = 4;
    if (type == NLMSG_ERROR) {
      boolean headerOnly = (flags & NLM_F_CAPPED) != 0;
      after += headerOnly ? NetlinkMessage.HEADER : NetlinkMessage.aligned(body.getInt(4));
    }
    if ((flags & NLM_F_ACK_TLVS) == 0 || after > body.limit()) {
      return "";
    }
    return Attributes.parse(body.position(after)).text(NLMSGERR_ATTR_MSG);
  }
}
