package dev.weft.cli;

import dev.weft.bus.WeftException;
import dev.weft.pod.PodRef;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How arguments are read. */
final class Converters {
  private Converters() {}

  /** {@code NAME} or {@code NS/NAME}. */
  static final class Pod implements ITypeConverter<PodRef> {
    @Override
    public PodRef convert(String text) {
      return pod(text);
    }
  }

  /** {@code [NS/]POD:IF}. */
  static final class End implements ITypeConverter<WireCommand.End> {
    @Override
    public WireCommand.End convert(String text) {
      WireCommand.End end = end(text);
      if (end == null) {
        throw new TypeConversionException(text + " (expected: [NS/]POD:IF, as in default/r1:eth1)");
      }
      return end;
    }
  }

  /** {@code [NS/]POD:IF}; null for what has not this form. */
  static WireCommand.End end(String text) {
    int colon = text.lastIndexOf(':');
    return colon < 1 || colon == text.length() - 1
        ? null
        : new WireCommand.End(pod(text.substring(0, colon)), text.substring(colon + 1));
  }

  /** An option that is given or not; picocli reads what stands after its {@code =}. */
  static final class Flag implements ITypeConverter<Boolean> {
    @Override
    public Boolean convert(String text) {
      if (!text.equalsIgnoreCase("true") && !text.equalsIgnoreCase("false")) {
        throw new TypeConversionException(text + " (expected: the option alone)");
      }
      return Boolean.valueOf(text);
    }
  }

  /** A whole number of 32 bits. */
  static final class WholeInt implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      return (int) whole(text, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
  }

  /** A whole number of 64 bits. */
  static final class WholeLong implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      return whole(text, Long.MIN_VALUE, Long.MAX_VALUE);
    }
  }

  private static long whole(String text, long least, long most) {
    try {
      long number = Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below, as what is too large.
    }
    throw new TypeConversionException(text + " (expected: a whole number)");
  }

  private static PodRef pod(String text) {
    try {
      return PodRef.parse(text);
    } catch (WeftException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
