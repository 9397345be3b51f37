package dev.weft.rpc;

import dev.weft.bus.Fault;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One part of a stream that is moved from one connection to another: on each connection the stream
 * has one leg, which is a stream of that connection. The receiver reads a leg only after the leg
 * before it has ended, in whichever order they arrive, so that the bytes keep their order. A leg
 * that does not name the one before it goes on where that was lost: all earlier legs are over.
 *
 * @param stream distinguishes the stream from all others of its sender: 16 hex digits, random
 * @param number of this leg; higher than all earlier ones, those that could not be opened included
 * @param after number of the leg before; {@link #NONE} for the first leg, and after a loss
 */
public record Leg(String stream, int number, int after) {
  static final int NONE = -1;

  /** The header of a leg: {@code 0123456789abcdef/2/0}; without the last part if there is none. */
  static final String HEADER = "weft-stream";

  private static final Pattern FORM = Pattern.compile("([0-9a-f]{16})/(\\d{1,9})(?:/(\\d{1,9}))?");

  /** The first leg of a stream. */
  public static Leg first(String stream) {
    return new Leg(stream, 0, NONE);
  }

  /** A leg that goes on after the loss of the one before. */
  public static Leg afterLoss(String stream, int number) {
    return new Leg(stream, number, NONE);
  }

  /** Parses the header; INVALID for another form. */
  static Leg parse(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      throw Fault.invalid(HEADER, text, "16 hex digits and one or two numbers, between slashes");
    }
    int after = m.group(3) == null ? NONE : Integer.parseInt(m.group(3));
    return new Leg(m.group(1), Integer.parseInt(m.group(2)), after);
  }

  @Override
  public String toString() {
    return stream + "/" + number + (after == NONE ? "" : "/" + after);
  }
}
