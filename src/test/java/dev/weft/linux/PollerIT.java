package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class PollerIT {
  @AutoClose private final Poller<Integer> poller = create();
  private final List<Integer> ready = new ArrayList<>();

  private static Poller<Integer> create() {
    try {
      return new Poller<>();
    } catch (LinuxException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void shouldBeWokenByAnotherThread() throws Exception {
    // Given
    CompletableFuture<Integer> poll =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return poller.poll(-1, (token, events) -> {});
              } catch (LinuxException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });

    // When
    poller.wakeup();

    // Then
    assertThat(poll.get(10, TimeUnit.SECONDS)).isZero();
    assertThat(poll(0)).as("signals left").isZero();
  }

  @Test
  void shouldTellEachReadyDescriptorWhileTheSetChanges() throws Exception {
    // Given
    List<EventFd> signals = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      signals.add(new EventFd());
      poller.add(signals.get(i).fd(), i);
    }
    for (int i = 0; i < 100; i += 2) {
      signals.get(i).signal();
    }

    // When
    int told =
        poller.poll(
            1000,
            (token, events) -> {
              ready.add(token);
              assertThat(events).isEqualTo(Poller.READABLE);
              poller.remove(signals.get(token).fd());
              poller.remove(signals.get(token + 1).fd());
            });

    // Then
    assertThat(told).isEqualTo(50);
    assertThat(ready)
        .containsExactlyInAnyOrderElementsOf(IntStream.range(0, 50).mapToObj(i -> 2 * i).toList());
    assertThat(poll(0)).isZero();
    signals.forEach(EventFd::close);
  }

  @Test
  void shouldTellNothingOfWhatIsNotEnabled() throws Exception {
    try (EventFd signal = new EventFd()) {
      // Given
      poller.add(signal.fd(), 7);
      signal.signal();

      // When
      poller.enable(signal.fd(), false);

      // Then
      assertThat(poll(0)).isZero();
      poller.enable(signal.fd(), true);
      assertThat(poll(0)).isEqualTo(1);
      poller.enableWrite(signal.fd(), true);
      poller.poll(
          0, (token, events) -> assertThat(events).isEqualTo(Poller.READABLE | Poller.WRITABLE));
    }
  }

  @Test
  void shouldRefuseADescriptorThatWasClosedBeforeItsRemoval() throws Exception {
    EventFd signal = new EventFd();
    poller.add(signal.fd(), 7);
    signal.close();

    assertThatThrownBy(() -> poll(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("(expected: removed before)");
  }

  private int poll(int timeout) throws LinuxException {
    return poller.poll(timeout, (token, events) -> ready.add(token));
  }
}
