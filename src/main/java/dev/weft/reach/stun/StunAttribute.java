package dev.weft.reach.stun;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;

/** An attribute of a STUN message, RFC 8489 section 14 and RFC 5780 section 7. */
sealed interface StunAttribute {
  /** Types below this one must be understood by who answers. */
  int FIRST_OPTIONAL = 0x8000;

  int CHANGE_REQUEST = 0x0003;
  int MESSAGE_INTEGRITY = 0x0008;
  int ERROR_CODE = 0x0009;
  int UNKNOWN_ATTRIBUTES = 0x000A;
  int MESSAGE_INTEGRITY_SHA256 = 0x001C;
  int PADDING = 0x0026;
  int RESPONSE_PORT = 0x0027;
  int SOFTWARE = 0x8022;
  int FINGERPRINT = 0x8028;

  /** Of Weft: only makes a question longer than its answer; comprehension-optional. */
  int ROOM = 0xC057;

  /** Of Weft: the second port of who answers. */
  int SECOND_PORT = 0xC058;

  int type();

  /** What an address in a message is. */
  enum Place {
    MAPPED(0x0001, false),
    XOR_MAPPED(0x0020, true),
    ALTERNATE_SERVER(0x8023, false),
    RESPONSE_ORIGIN(0x802B, false),
    OTHER(0x802C, false),
    /** Of Weft: whom to answer in another member's place. */
    ANSWER_TO(0xC059, true);

    final int type;

    /** Whether it is hidden from NATs that rewrite payloads, as XOR-MAPPED-ADDRESS is. */
    final boolean xor;

    Place(int type, boolean xor) {
      this.type = type;
      this.xor = xor;
    }
  }

  /** An address and port. */
  record Address(Place place, InetSocketAddress address) implements StunAttribute {
    @Override
    public int type() {
      return place.type;
    }
  }

  /** What the sender runs, for people. */
  record Software(String text) implements StunAttribute {
    @Override
    public int type() {
      return SOFTWARE;
    }
  }

  /**
   * Why a request is refused.
   *
   * @param code 300..699
   */
  record ErrorCode(int code, String reason) implements StunAttribute {
    @Override
    public int type() {
      return ERROR_CODE;
    }
  }

  /** The types that a server did not understand. */
  record UnknownTypes(List<Integer> types) implements StunAttribute {
    @Override
    public int type() {
      return UNKNOWN_ATTRIBUTES;
    }
  }

  /** Asks for an answer from another address, another port, or both. */
  record ChangeRequest(boolean address, boolean port) implements StunAttribute {
    @Override
    public int type() {
      return CHANGE_REQUEST;
    }
  }

  /**
   * A port.
   *
   * @param type {@link #RESPONSE_PORT}, where the answer shall go, or {@link #SECOND_PORT}
   */
  record Port(int type, int port) implements StunAttribute {}

  /**
   * Any other attribute.
   *
   * @param value read-only, from its position to its limit
   */
  record Other(int type, ByteBuffer value) implements StunAttribute {}
}
