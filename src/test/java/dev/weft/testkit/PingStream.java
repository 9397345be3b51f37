package dev.weft.testkit;

import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Echo requests from a namespace to an address, a hundred a second, by ping(8). */
public final class PingStream implements AutoCloseable {
  private static final Pattern REPLY = Pattern.compile("icmp_seq=(\\d+) ttl=");

  private final File output;
  private final Process process;

  private PingStream(File output, Process process) {
    this.output = output;
    this.process = process;
  }

  public static PingStream start(TestNetns from, String address) throws IOException {
    File output = File.createTempFile("weft-ping", ".txt");
    return new PingStream(output, from.start(output, "ping", "-n", "-i", "0.01", address));
  }

  /**
   * What came back.
   *
   * @param last number of the last reply, from 1; 0 before there is one
   * @param lost requests between the first and the last reply that had none
   */
  private record Replies(int last, int lost) {}

  private Replies replies() {
    try {
      Matcher reply = REPLY.matcher(Files.readString(output.toPath()));
      int first = 0;
      int last = 0;
      int count = 0;
      while (reply.find()) {
        last = Integer.parseInt(reply.group(1));
        first = first == 0 ? last : first;
        count++;
      }
      return new Replies(last, count == 0 ? 0 : last - first + 1 - count);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Awaits replies to requests that are sent from now on, and says how many had none so far. */
  public int lost() {
    int before = replies().last();
    await("replies").atMost(Duration.ofSeconds(60)).until(() -> replies().last() > before + 20);
    return replies().lost();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    Files.delete(output.toPath());
  }
}
