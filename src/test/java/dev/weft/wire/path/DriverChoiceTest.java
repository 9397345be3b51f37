package dev.weft.wire.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.WiresConfig.Driver;
import org.junit.jupiter.api.Test;

class DriverChoiceTest {
  private final Throwable unavailable = new UnsatisfiedLinkError("no library");

  @Test
  void shouldTakeEpollWhereItCanBeHad() {
    assertThat(DriverChoice.isEpoll(Driver.AUTO, null)).isTrue();
    assertThat(DriverChoice.isEpoll(Driver.EPOLL, null)).isTrue();
  }

  @Test
  void shouldTakeTheWorkerWhereItIsAskedFor() {
    assertThat(DriverChoice.isEpoll(Driver.WORKER, null)).isFalse();
    assertThat(DriverChoice.isEpoll(Driver.WORKER, unavailable)).isFalse();
  }

  @Test
  void shouldTakeTheWorkerByItselfWhereEpollCannotBeHad() {
    assertThat(DriverChoice.isEpoll(Driver.AUTO, unavailable)).isFalse();
  }

  @Test
  void shouldRefuseEpollThatIsAskedForAndCannotBeHad() {
    assertThatThrownBy(() -> DriverChoice.isEpoll(Driver.EPOLL, unavailable))
        .hasMessage(
            "wires.driver: epoll (expected: auto or worker, as Netty's native epoll does not load"
                + " here: no library)")
        .extracting(e -> ((WeftException) e).fault())
        .isEqualTo(Fault.INVALID);
  }
}
