"""Texts of our own in the five languages, for reference vectors and for the means
of a model: what customers ask and what help articles say, and some of everyday life,
news and science, so that the mean is not that of a shop alone."""

THINGS = {
    "en": ["my order", "the invoice", "a refund", "the warranty", "my subscription", "the delivery address", "a gift card", "two tickets"],
    "pt": ["o meu pedido", "a fatura", "um reembolso", "a garantia", "a minha assinatura", "o endereço de entrega", "um cartão-presente", "dois bilhetes"],
    "es": ["mi pedido", "la factura", "un reembolso", "la garantía", "mi suscripción", "la dirección de envío", "una tarjeta regalo", "dos entradas"],
    "uk": ["моє замовлення", "рахунок", "повернення коштів", "гарантію", "мою підписку", "адресу доставки", "подарункову картку", "два квитки"],
    "ru": ["мой заказ", "счёт", "возврат денег", "гарантию", "мою подписку", "адрес доставки", "подарочную карту", "два билета"],
}

FRAMES = {
    "en": [
        "Where can I find {}?", "I would like to change {} before Friday.", "Who do I call about {}?", "How long does it take to get {}?",
        "Nobody has answered my question about {}.", "Is there a fee for {}?", "You can see {} in your account, under Settings.",
        "Please send {} again; the first e-mail never arrived.", "We keep {} for thirty days and delete it afterwards.",
        "I paid twice for {} and want my money back.",
    ],
    "pt": [
        "Onde encontro {}?", "Gostaria de mudar {} antes de sexta-feira.", "A quem devo ligar sobre {}?", "Quanto tempo demora para receber {}?",
        "Ninguém respondeu à minha pergunta sobre {}.", "Há alguma taxa para {}?", "Você pode ver {} na sua conta, em Configurações.",
        "Por favor, enviem {} de novo; o primeiro e-mail não chegou.", "Guardamos {} por trinta dias e depois excluímos.",
        "Paguei duas vezes por {} e quero o dinheiro de volta.",
    ],
    "es": [
        "¿Dónde puedo encontrar {}?", "Me gustaría cambiar {} antes del viernes.", "¿A quién llamo por {}?", "¿Cuánto se tarda en recibir {}?",
        "Nadie ha contestado a mi pregunta sobre {}.", "¿Se cobra algo por {}?", "Puede ver {} en su cuenta, en Ajustes.",
        "Por favor, envíen {} otra vez; el primer correo no llegó.", "Guardamos {} durante treinta días y después lo borramos.",
        "Pagué dos veces por {} y quiero que me devuelvan el dinero.",
    ],
    "uk": [
        "Де я можу знайти {}?", "Хочу змінити {} до п'ятниці.", "Кому телефонувати щодо {}?", "Скільки часу треба, щоб отримати {}?",
        "Ніхто не відповів на моє запитання про {}.", "Чи треба платити за {}?", "Ви побачите {} у своєму кабінеті, у налаштуваннях.",
        "Надішліть, будь ласка, {} ще раз: перший лист не дійшов.", "Ми зберігаємо {} тридцять днів, а потім видаляємо.",
        "Я двічі заплатив за {} і хочу повернути гроші.",
    ],
    "ru": [
        "Где найти {}?", "Хочу изменить {} до пятницы.", "Кому звонить насчёт {}?", "Сколько времени нужно, чтобы получить {}?",
        "Никто не ответил на мой вопрос про {}.", "Нужно ли платить за {}?", "Вы увидите {} в личном кабинете, в настройках.",
        "Пришлите, пожалуйста, {} ещё раз: первое письмо не дошло.", "Мы храним {} тридцать дней, а потом удаляем.",
        "Я дважды заплатил за {} и хочу вернуть деньги.",
    ],
}

OTHERS = {
    "en": [
        "The river floods the lower fields every spring, and the farmers plant late.", "A protein on the surface of the cell binds the virus.",
        "Parliament voted on the budget after a debate of nine hours.", "To reset the router, hold the small button for ten seconds.",
        "She learned to play the cello when she was forty.", "In 1969 two people walked on the Moon for the first time.",
        "Bake the bread at 220 °C until the crust is dark.", "Share prices fell by 3.4% as interest rates rose.",
        "The museum is closed on Mondays and on public holidays.", "Patients who slept less than six hours had higher blood pressure.",
        "Our cabin was cold, but the view over the fjord made up for it.", "A triangle with sides of 3, 4 and 5 has a right angle.",
        "Use a strong password and never write it down.", "The train to Leeds leaves from platform 7 at 18:42.",
        "He lost the election by fewer than two hundred votes.", "Bees find their way home by the position of the sun.",
        "The contract ends on 31 December unless it is renewed in writing.", "Turn off the water before you change the tap.",
        "The novel is about a lighthouse keeper and his daughter.", "Children under twelve travel free with an adult.",
        "The vaccine was tested on thirty thousand volunteers.", "My phone does not charge since the last update.",
        "Coffee was brought to Europe in the seventeenth century.", "The bridge carries forty thousand vehicles a day.",
    ],
    "pt": [
        "O rio inunda os campos baixos toda primavera, e os agricultores plantam tarde.", "Uma proteína na superfície da célula liga-se ao vírus.",
        "O parlamento votou o orçamento depois de nove horas de debate.", "Para reiniciar o roteador, segure o botão pequeno por dez segundos.",
        "Ela aprendeu a tocar violoncelo aos quarenta anos.", "Em 1969, duas pessoas caminharam na Lua pela primeira vez.",
        "Asse o pão a 220 °C até a crosta ficar escura.", "As ações caíram 3,4% com a alta dos juros.",
        "O museu fecha às segundas e nos feriados.", "Pacientes que dormiam menos de seis horas tinham pressão mais alta.",
        "A cabana era fria, mas a vista do lago compensava.", "Um triângulo de lados 3, 4 e 5 tem um ângulo reto.",
        "Use uma senha forte e nunca a anote.", "O trem para Campinas sai da plataforma 7 às 18h42.",
        "Ele perdeu a eleição por menos de duzentos votos.", "As abelhas encontram o caminho de casa pela posição do sol.",
        "O contrato termina em 31 de dezembro, salvo renovação por escrito.", "Feche a água antes de trocar a torneira.",
        "O romance fala de um faroleiro e de sua filha.", "Crianças com menos de doze anos viajam de graça com um adulto.",
        "A vacina foi testada em trinta mil voluntários.", "Meu telefone não carrega desde a última atualização.",
        "O café chegou à Europa no século XVII.", "A ponte recebe quarenta mil veículos por dia.",
    ],
    "es": [
        "El río inunda los campos bajos cada primavera y los agricultores siembran tarde.", "Una proteína de la superficie de la célula se une al virus.",
        "El parlamento votó el presupuesto tras nueve horas de debate.", "Para reiniciar el router, mantenga pulsado el botón pequeño diez segundos.",
        "Aprendió a tocar el violonchelo a los cuarenta años.", "En 1969 dos personas caminaron por primera vez sobre la Luna.",
        "Hornee el pan a 220 °C hasta que la corteza esté oscura.", "Las acciones bajaron un 3,4 % con la subida de los tipos de interés.",
        "El museo cierra los lunes y los festivos.", "Los pacientes que dormían menos de seis horas tenían la presión más alta.",
        "La cabaña era fría, pero la vista del lago lo compensaba.", "Un triángulo de lados 3, 4 y 5 tiene un ángulo recto.",
        "Use una contraseña segura y no la escriba nunca.", "El tren a Sevilla sale del andén 7 a las 18:42.",
        "Perdió las elecciones por menos de doscientos votos.", "Las abejas encuentran el camino a casa por la posición del sol.",
        "El contrato termina el 31 de diciembre, salvo renovación por escrito.", "Cierre el agua antes de cambiar el grifo.",
        "La novela trata de un farero y de su hija.", "Los niños menores de doce años viajan gratis con un adulto.",
        "La vacuna se probó en treinta mil voluntarios.", "Mi teléfono no carga desde la última actualización.",
        "El café llegó a Europa en el siglo XVII.", "Por el puente pasan cuarenta mil vehículos al día.",
    ],
    "uk": [
        "Щовесни річка затоплює нижні поля, і селяни сіють пізно.", "Білок на поверхні клітини зв'язує вірус.",
        "Парламент проголосував за бюджет після дев'яти годин дебатів.", "Щоб перезапустити роутер, тримайте малу кнопку десять секунд.",
        "Вона навчилася грати на віолончелі у сорок років.", "У 1969 році двоє людей уперше ходили по Місяцю.",
        "Печіть хліб за 220 °C, доки скоринка не потемніє.", "Акції впали на 3,4 % після підвищення відсоткових ставок.",
        "Музей зачинений у понеділок і у свята.", "Пацієнти, які спали менше шести годин, мали вищий тиск.",
        "У хатині було холодно, але краєвид на озеро того вартий.", "Трикутник зі сторонами 3, 4 і 5 має прямий кут.",
        "Користуйтеся надійним паролем і ніколи його не записуйте.", "Потяг до Полтави вирушає з сьомої колії о 18:42.",
        "Він програв вибори менш ніж двомастами голосами.", "Бджоли знаходять дорогу додому за положенням сонця.",
        "Договір діє до 31 грудня, якщо його не продовжать письмово.", "Перекрийте воду, перш ніж міняти кран.",
        "Роман розповідає про доглядача маяка та його доньку.", "Діти до дванадцяти років їздять з дорослим безкоштовно.",
        "Вакцину випробували на тридцяти тисячах добровольців.", "Мій телефон не заряджається після останнього оновлення.",
        "Кава потрапила до Європи у сімнадцятому столітті.", "Мостом щодня проїжджають сорок тисяч автомобілів.",
    ],
    "ru": [
        "Каждую весну река затопляет нижние поля, и крестьяне сеют поздно.", "Белок на поверхности клетки связывает вирус.",
        "Парламент проголосовал за бюджет после девяти часов дебатов.", "Чтобы перезапустить роутер, держите маленькую кнопку десять секунд.",
        "Она научилась играть на виолончели в сорок лет.", "В 1969 году два человека впервые ходили по Луне.",
        "Выпекайте хлеб при 220 °C, пока корочка не потемнеет.", "Акции упали на 3,4 % после повышения процентных ставок.",
        "Музей закрыт по понедельникам и в праздники.", "У пациентов, спавших меньше шести часов, давление было выше.",
        "В домике было холодно, но вид на озеро того стоил.", "У треугольника со сторонами 3, 4 и 5 есть прямой угол.",
        "Используйте надёжный пароль и никогда его не записывайте.", "Поезд в Тверь отходит с седьмого пути в 18:42.",
        "Он проиграл выборы, не добрав и двухсот голосов.", "Пчёлы находят дорогу домой по положению солнца.",
        "Договор действует до 31 декабря, если его не продлят письменно.", "Перекройте воду, прежде чем менять кран.",
        "Роман рассказывает о смотрителе маяка и его дочери.", "Дети до двенадцати лет ездят со взрослым бесплатно.",
        "Вакцину испытали на тридцати тысячах добровольцев.", "Мой телефон не заряжается после последнего обновления.",
        "Кофе попал в Европу в семнадцатом веке.", "По мосту каждый день проезжают сорок тысяч машин.",
    ],
}


def sentences():
    """Yields (language, kind, text): 104 sentences a language, then passages of them."""
    for language, frames in FRAMES.items():
        single = [f.format(t) for f in frames for t in THINGS[language]] + OTHERS[language]
        for i, s in enumerate(single):
            yield language, "query" if i % 2 == 0 else "passage", s
        # Passages of eight sentences, from the shop and from elsewhere.
        for i in range(8):
            yield language, "passage", " ".join(single[i::13][:8])
            yield language, "passage", " ".join(OTHERS[language][3 * i : 3 * i + 3] + single[10 * i : 10 * i + 3])
