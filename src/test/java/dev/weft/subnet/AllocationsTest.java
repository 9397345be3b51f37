package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.pod.PodRef;
import dev.weft.store.Store;
import dev.weft.testkit.MemoryStore;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AllocationsTest {
  private static final PodRef ONE = PodRef.parse("one");
  private static final PodRef TWO = PodRef.parse("two");

  private final AddressPool pool = new AddressPool(Cidr.parse("10.42.1.0/24"));
  private final MemoryStore disk = new MemoryStore();
  private final Promise<Boolean> deletion = Promise.promise();
  private final Allocations allocations =
      new Allocations(
          (Store)
              Proxy.newProxyInstance(
                  Store.class.getClassLoader(),
                  new Class<?>[] {Store.class},
                  (self, method, arguments) ->
                      method.getName().equals("delete")
                          ? deletion.future()
                          : method.invoke(disk, arguments)));

  @Test
  void shouldGiveNoOtherPodAnAddressWhoseReleaseMayStillFail() {
    // Given
    allocations.allocate(pool, ONE, "auto", true);

    // When
    Future<Void> released = allocations.release(ONE);
    Future<Allocations.Allocation> other = allocations.allocate(pool, TWO, "auto", true);
    deletion.fail(Fault.UNAVAILABLE.because("the disk is full"));

    // Then
    assertThat(released.failed()).isTrue();
    assertThat(other.result().address()).isEqualTo("10.42.1.11");
    assertThat(allocations.of(ONE))
        .hasValueSatisfying(kept -> assertThat(kept.address()).isEqualTo("10.42.1.10"));
  }

  @Test
  void shouldGiveAPodAnAddressThatAsksWhileItsReleaseIsUnderWay() {
    // Given
    allocations.allocate(pool, ONE, "auto", true);

    // When
    allocations.release(ONE);
    Future<Allocations.Allocation> again = allocations.allocate(pool, ONE, "10.42.1.20", true);
    deletion.complete(true);

    // Then
    assertThat(again.result().address()).isEqualTo("10.42.1.20");
    assertThat(allocations.all()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.1.1.1/33", "10.42.2.20", "10.42.1.20/16", "10.42.1.10", "10.42.1.11"})
  void shouldCheckAnAddressAsItIsGivenAndChangeNothing(String wanted) {
    allocations.allocate(pool, ONE, "auto", true);
    allocations.allocate(pool, TWO, "10.42.1.11", true);
    PodRef three = PodRef.parse("three");

    Throwable refused = catchThrowable(() -> allocations.check(pool, three, wanted));

    assertThat(refused)
        .isInstanceOf(WeftException.class)
        .hasMessage(
            catchThrowable(() -> allocations.allocate(pool, three, wanted, true)).getMessage());
    assertThat(allocations.check(pool, three, "10.42.1.12").succeeded()).isTrue();
    assertThat(allocations.check(pool, ONE, "10.42.1.10").succeeded()).isTrue();
    assertThat(allocations.all()).hasSize(2);
  }

  @Test
  void shouldSayHowManyAddressesAreInUseWhenAllAre() {
    AddressPool small = new AddressPool(Cidr.parse("10.42.1.0/29"));
    for (int i = 0; i < small.capacity(); i++) {
      assertThat(allocations.allocate(small, PodRef.parse("p" + i), "auto", true).succeeded())
          .isTrue();
    }

    assertThatThrownBy(() -> allocations.allocate(small, ONE, "auto", true))
        .hasMessage(
            "addresses: all 5 of 10.42.1.0/29 are in use (expected: a free one; weft address"
                + " release gives one back)");
  }
}
