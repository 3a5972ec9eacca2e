import type { ComponentChildren } from "preact";
import { Person, Search } from "../shared/icons";
import type { Customer } from "./config";
import { Backpack, Boots, Hills, Jacket, Lantern, Stove, Tent } from "./pictures";

const products = [
  { name: "Ridge 2 tent", about: "Two people, 1.9 kg, three seasons", price: "€249", picture: Tent },
  { name: "Moss shell jacket", about: "Waterproof to 20,000 mm, recycled", price: "€179", picture: Jacket },
  { name: "Cairn mid boots", about: "Leather, resoleable, wide fit", price: "€159", picture: Boots },
  { name: "Fell 38 backpack", about: "38 litres, for hut-to-hut weeks", price: "€129", picture: Backpack },
  { name: "Ember stove", about: "Boils a litre in four minutes", price: "€59", picture: Stove },
  { name: "Glow lantern", about: "Forty hours on one charge", price: "€39", picture: Lantern },
];

/** A small shop, like many: nothing on it knows about the chat. */
export function Shop({ brand, customer, guide }: { brand: string; customer: Customer; guide: ComponentChildren }) {
  return (
    <div class="shop">
      <header class="shop-head">
        <p class="logo">{brand}</p>
        <nav aria-label="Shop">
          <a href="#products">Tents</a>
          <a href="#products">Jackets</a>
          <a href="#products">Boots</a>
        </nav>
        <p class="account">
          <Search />
          <Person />
          <span>{customer.name}</span>
        </p>
      </header>
      <main>
        <section class="hero">
          <Hills />
          <div class="hero-text">
            <h1>Out there, and dry.</h1>
            <p>Gear that we repair for as long as you walk in it.</p>
          </div>
        </section>
        {guide}
        <section id="products" class="products" aria-label="Products">
          {products.map((p) => (
            <article key={p.name} class="product">
              <div class="picture">
                <p.picture />
              </div>
              <h2>{p.name}</h2>
              <p class="quiet">{p.about}</p>
              <p class="price">{p.price}</p>
            </article>
          ))}
        </section>
      </main>
      <footer class="shop-foot quiet">
        <p>Free returns for 60 days · Repairs for life · Delivery in three to five working days</p>
        <p>{brand} is an invented shop, and so are its customers.</p>
      </footer>
    </div>
  );
}
