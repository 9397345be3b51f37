package dev.weft.mesh.link.kind;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.mesh.link.FrameLabel;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SerialReaderTest {
  private static final String A = "*O 'Q7636GE=";

  /** Frames and log lines in the order in which they were found. */
  private static final class Found implements SerialReader.Output {
    final List<byte[]> frames = new ArrayList<>();
    final List<String> texts = new ArrayList<>();

    @Override
    public void onLine(SerialLine line) {
      assertThat(line.kind()).isEqualTo(SerialLine.Kind.FRAME);
      frames.add(line.body());
    }

    @Override
    public void onText(String text) {
      texts.add(text);
    }
  }

  private final Found found = new Found();
  private final SerialReader reader = new SerialReader(found);

  private void read(String text) {
    byte[] bytes = text.getBytes(ISO_8859_1);
    reader.read(bytes, 0, bytes.length);
  }

  private List<String> frames() {
    return found.frames.stream().map(frame -> new String(frame, ISO_8859_1)).toList();
  }

  private static byte[] line(byte[] frame) {
    return new SerialLine(SerialLine.Kind.FRAME, frame).bytes();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {"a, *O 'Q7636GE=", "hello world, *O 3hRFKDWhlbGxvIHdvcmxk"})
  void shouldMakeAndReadTheText(String frame, String text) {
    assertThat(new String(line(frame.getBytes(ISO_8859_1)), ISO_8859_1)).isEqualTo(text + "\n");

    read(text + "\n");

    assertThat(frames()).containsExactly(frame);
    assertThat(found.texts).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n"})
  void shouldReadLogLinesBetweenFrames(String end) {
    read("booting" + end + A + end + end + "login: " + end + A + end);

    assertThat(frames()).containsExactly("a", "a");
    assertThat(found.texts).containsExactly("booting", "login: ");
    assertThat(reader.damaged()).isZero();
  }

  @Test
  void shouldFindAFrameInTheMiddleOfALogLine() {
    read("[  1.5] eth0: li" + A + "\n" + "nk is up*O" + A + A + "and so on\n");

    assertThat(frames()).containsExactly("a", "a", "a");
    assertThat(found.texts).containsExactly("[  1.5] eth0: li", "nk is up*O", "and so on");
  }

  @Test
  void shouldWaitForTheEndOfTheLine() {
    read(A.substring(0, 7));
    read(A.substring(7));
    assertThat(found.frames).isEmpty();

    read("\r\n");

    assertThat(frames()).containsExactly("a");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*O 'Q7636GI=",
        "*O 'Q7636GE",
        "*O (Q7636GE=",
        "*X 'Q7636GE=",
        "*O",
        "*O ~Q7636GE=",
        "*O\u007f\u007fQ7636GE=",
        "*O '========",
        "*O $Q763",
        "*",
        "**O*"
      })
  void shouldTakeForALogLineWhatIsNoFrame(String line) {
    read(line + "\n" + A + "\n");

    assertThat(frames()).containsExactly("a");
    assertThat(found.texts).containsExactly(line.replace("\u007f", "\\x7f"));
  }

  @Test
  void shouldEscapeAndCutWhatIsLogged() {
    read("\u001b[31mred\u0007 " + "x".repeat(3000) + "\n");

    assertThat(found.texts).hasSize(1);
    assertThat(found.texts.get(0)).startsWith("\\x1b[31mred\\x07 xxx").endsWith("x...");
    assertThat(found.texts.get(0).length()).isLessThan(1100);
  }

  @Test
  void shouldFindAFrameBehindALineThatNeverEnds() {
    read("x".repeat(10_000) + A + "x".repeat(10_000));

    assertThat(frames()).containsExactly("a");
    assertThat(found.texts).hasSizeBetween(3, 6);
  }

  /** The longest frame lies across the border of the buffer, wherever it begins. */
  @Property(tries = 50)
  void shouldFindTheLongestFrameInALineThatNeverEnds(
      @ForAll @IntRange(min = 0, max = 5000) int before) {
    byte[] frame = new byte[FrameLabel.MAX_FRAME];
    new SplittableRandom(before).nextBytes(frame);
    Found all = new Found();
    SerialReader endless = new SerialReader(all);

    endless.read("y".repeat(before).getBytes(ISO_8859_1), 0, before);
    byte[] line = line(frame);
    endless.read(line, 0, line.length - 1);
    endless.read("y".repeat(5000).getBytes(ISO_8859_1), 0, 5000);

    assertThat(all.frames).hasSize(1);
    assertThat(all.frames.get(0)).isEqualTo(frame);
  }

  @Provide
  static Arbitrary<byte[]> frame() {
    return Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(FrameLabel.MAX_FRAME);
  }

  @Property(tries = 100)
  void shouldGiveTheFramesHoweverTheTextIsTornApart(
      @ForAll @Size(max = 10) List<@From("frame") byte[]> sent,
      @ForAll @IntRange(min = 1, max = 300) int piece) {
    Found all = new Found();
    SerialReader torn = new SerialReader(all);
    for (byte[] frame : sent) {
      byte[] line = line(frame);
      for (int at = 0; at < line.length; at += piece) {
        torn.read(line, at, Math.min(piece, line.length - at));
      }
    }

    assertThat(all.frames).usingElementComparator(Arrays::compare).isEqualTo(sent);
    assertThat(all.texts).isEmpty();
  }

  /** A byte of one frame's line is changed, lost, or another comes in between. */
  @Property(tries = 500)
  void shouldLoseAtMostTheFrameThatGarbageHits(
      @ForAll @IntRange(min = 0, max = 2) int how,
      @ForAll byte garbage,
      @ForAll @IntRange(min = 0, max = 10_000) int where) {
    byte[][] frames = {new byte[20], new byte[40], new byte[60]};
    Arrays.fill(frames[0], (byte) 1);
    Arrays.fill(frames[1], (byte) 2);
    Arrays.fill(frames[2], (byte) 3);
    byte[] hit = line(frames[1]);
    int at = where % hit.length;
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    text.writeBytes(line(frames[0]));
    text.write(hit, 0, at);
    if (how > 0) {
      text.write(garbage);
    }
    int rest = how == 2 ? at : at + 1;
    text.write(hit, rest, hit.length - rest);
    text.writeBytes(line(frames[2]));
    Found all = new Found();

    byte[] bytes = text.toByteArray();
    new SerialReader(all).read(bytes, 0, bytes.length);

    List<byte[]> others =
        all.frames.stream().filter(frame -> !Arrays.equals(frame, frames[1])).toList();
    assertThat(others)
        .usingElementComparator(Arrays::compare)
        .containsExactly(frames[0], frames[2]);
  }

  @Property(tries = 300)
  void shouldBearAnything(@ForAll @Size(max = 5000) byte[] bytes, @ForAll boolean likely) {
    byte[] some = bytes.clone();
    if (likely) {
      String alphabet = "*OFA  '\n\rQ7=";
      for (int i = 0; i < some.length; i++) {
        some[i] = (byte) alphabet.charAt((some[i] & 0xff) % alphabet.length());
      }
    }
    SerialReader any = new SerialReader(new NoFrames());
    any.read(some, 0, some.length);
    any.read(new byte[] {'\n'}, 0, 1);
    Found after = new Found();
    SerialReader same = new SerialReader(after);
    same.read(some, 0, some.length);
    byte[] good = ("\n" + A + "\n").getBytes(ISO_8859_1);

    same.read(good, 0, good.length);

    assertThat(after.frames.get(after.frames.size() - 1)).isEqualTo(new byte[] {'a'});
  }

  private static final class NoFrames implements SerialReader.Output {
    @Override
    public void onLine(SerialLine line) {
      assertThat(line.body()).isNotEmpty();
    }

    @Override
    public void onText(String text) {
      assertThat(text.length()).isBetween(1, 1100);
      assertThat(text.chars().filter(Character::isISOControl).filter(c -> c != '\t')).isEmpty();
    }
  }
}
