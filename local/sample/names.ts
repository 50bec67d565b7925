/** What a country's people and addresses look like. */
export interface Country {
  readonly name: string;
  readonly firstNames: readonly [string, ...string[]];
  readonly lastNames: readonly [string, ...string[]];
  readonly streets: readonly [string, ...string[]];
  /** City and the state, province or region it is in. */
  readonly cities: readonly [readonly [string, string], ...(readonly [string, string])[]];
  /** `#` stands for a digit. */
  readonly postalCode: string;
  readonly telephone: string;
  /** True where the house number precedes the street. */
  readonly numberFirst: boolean;
}

const words = (list: string): [string, ...string[]] => {
  const [first = '', ...others] = list.split(' ');
  return [first, ...others];
};

/** Small lists of common names; enough for namesakes, which are what makes unification hard. */
export const countries: readonly [Country, ...Country[]] = [
  {
    name: 'United Kingdom',
    firstNames: words('Oliver Amelia George Isla Harry Ava Noah Emily Jack Sophie Charlie Grace Thomas Freya Arthur'),
    lastNames: words("Smith Jones Taylor Brown Williams Wilson Davies Evans Walker O'Brien Wright Hughes Green Hall"),
    streets: ['High Street', 'Station Road', 'Church Lane', 'Victoria Road', 'Mill Lane', 'The Avenue'],
    cities: [
      ['Leeds', 'West Yorkshire'],
      ['Bristol', 'Avon'],
      ['Norwich', 'Norfolk'],
      ['Cardiff', 'Wales'],
    ],
    postalCode: 'LS# #BD',
    telephone: '+44 113 ### ####',
    numberFirst: true,
  },
  {
    name: 'United States',
    firstNames: words(
      'James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Maria Daniel Ashley',
    ),
    lastNames: words('Johnson Miller Davis Garcia Rodriguez Martinez Anderson Thomas Jackson White Harris Clark Lewis'),
    streets: ['Main Street', 'Oak Avenue', 'Maple Drive', 'Cedar Lane', 'Washington Boulevard', 'Lake Road'],
    cities: [
      ['Austin', 'TX'],
      ['Portland', 'OR'],
      ['Columbus', 'OH'],
      ['Denver', 'CO'],
      ['Richmond', 'VA'],
    ],
    postalCode: '#####',
    telephone: '+1 512 555 ####',
    numberFirst: true,
  },
  {
    name: 'Germany',
    firstNames: words('Lukas Anna Felix Lena Jonas Marie Paul Sophia Maximilian Hannah Jürgen Käthe Björn Ursula'),
    lastNames: words('Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Groß Koch Bauer'),
    streets: ['Hauptstraße', 'Bahnhofstraße', 'Gartenweg', 'Schillerstraße', 'Am Markt', 'Lindenallee'],
    cities: [
      ['Köln', 'Nordrhein-Westfalen'],
      ['Leipzig', 'Sachsen'],
      ['Nürnberg', 'Bayern'],
      ['Bremen', 'Bremen'],
    ],
    postalCode: '#####',
    telephone: '+49 221 #######',
    numberFirst: false,
  },
  {
    name: 'France',
    firstNames: words('Louis Emma Gabriel Jade Raphaël Louise Arthur Alice Hélène François Zoé Étienne Chloé'),
    lastNames: words('Martin Bernard Dubois Petit Durand Leroy Moreau Simon Laurent Lefèvre Roux Fournier Mercier'),
    streets: ['rue de la République', 'avenue Jean Jaurès', 'rue Pasteur', 'place de la Mairie', 'chemin du Moulin'],
    cities: [
      ['Lyon', 'Auvergne-Rhône-Alpes'],
      ['Nantes', 'Pays de la Loire'],
      ['Lille', 'Hauts-de-France'],
    ],
    postalCode: '#####',
    telephone: '+33 4 ## ## ## ##',
    numberFirst: true,
  },
  {
    name: 'Denmark',
    firstNames: words('Søren Freja Mikkel Ida Rasmus Laura Anders Mathilde Jens Karen Lærke Niels Bodil'),
    lastNames: words('Nielsen Jensen Hansen Pedersen Andersen Christensen Larsen Sørensen Rasmussen Møller Ravn'),
    streets: ['Nørregade', 'Strandvejen', 'Skolegade', 'Vestergade', 'Kirkevej'],
    cities: [
      ['Aarhus', 'Midtjylland'],
      ['Odense', 'Syddanmark'],
      ['Aalborg', 'Nordjylland'],
    ],
    postalCode: '####',
    telephone: '+45 ## ## ## ##',
    numberFirst: false,
  },
  {
    name: 'Spain',
    firstNames: words('Hugo Lucía Mateo Sofía Martín María Pablo Paula Álvaro Carmen Íñigo Inés Javier'),
    lastNames: words('García González López Pérez Sánchez Romero Torres Ruiz Muñoz Álvarez Ortega Núñez'),
    streets: ['Calle Mayor', 'Avenida de la Constitución', 'Calle Real', 'Plaza de España', 'Calle del Sol'],
    cities: [
      ['Valencia', 'Comunidad Valenciana'],
      ['Sevilla', 'Andalucía'],
      ['Zaragoza', 'Aragón'],
    ],
    postalCode: '#####',
    telephone: '+34 96# ### ###',
    numberFirst: false,
  },
  {
    name: 'Poland',
    firstNames: words('Jakub Zuzanna Antoni Julia Paweł Małgorzata Łukasz Agnieszka Piotr Katarzyna Michał Ewa'),
    lastNames: words('Nowak Kowalski Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski'),
    streets: ['ulica Polna', 'ulica Leśna', 'ulica Słoneczna', 'aleja Niepodległości', 'ulica Krótka'],
    cities: [
      ['Kraków', 'małopolskie'],
      ['Łódź', 'łódzkie'],
      ['Gdańsk', 'pomorskie'],
    ],
    postalCode: '##-###',
    telephone: '+48 ### ### ###',
    numberFirst: false,
  },
  {
    name: 'India',
    firstNames: words('Aarav Priya Vivaan Ananya Arjun Diya Rohan Kavya Rahul Meera Sanjay Lakshmi Vikram'),
    lastNames: words('Sharma Patel Singh Kumar Gupta Reddy Nair Iyer Mehta Rao Joshi Das Banerjee'),
    streets: ['MG Road', 'Nehru Street', 'Temple Road', 'Gandhi Nagar', 'Park Street', 'Lake View Road'],
    cities: [
      ['Pune', 'Maharashtra'],
      ['Chennai', 'Tamil Nadu'],
      ['Kolkata', 'West Bengal'],
    ],
    postalCode: '######',
    telephone: '+91 98### #####',
    numberFirst: true,
  },
];
