package dev.weft.nsm;

import dev.weft.bus.Fact;

/**
 * The services that are chains of others are other ones now.
 *
 * @param chains how many there are
 */
public record ChainsChanged(int chains) implements Fact {
  @Override
  public String subject() {
    return "chains";
  }

  @Override
  public String text() {
    return chains + (chains == 1 ? " service is a chain" : " services are chains");
  }
}
